"""Reads what numpy.rs has written, by NumPy."""

import zipfile

import numpy as np

x = np.arange(24) / 3
assert (np.load('a.npy') == x.reshape(2, 3, 4)).all()
a, b = np.load('a.npz'), np.load('b.npz')
assert a.files == ['x', 't', 'é'] and (a['x'] == x.reshape(6, 4)).all() and a['t'] == 0.5 and a['é'].shape == (1,)
assert b.files == ['x', 'y'] and (b['x'] == x.reshape(6, 4)).all() and b['y'].shape == (0, 3)
assert zipfile.ZipFile('a.npz').testzip() is None and zipfile.ZipFile('b.npz').testzip() is None
