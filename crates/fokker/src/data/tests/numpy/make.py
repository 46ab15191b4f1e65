"""The other files beside this script, by NumPy: what it writes, for numpy.rs to read."""

import numpy as np

x = np.arange(6).reshape(2, 3) - 2.0
for t in ['<f2', '>f2', '<f4', '>f4', '<f8', '>f8', 'i1', '<i2', '>i4', '<i8']:
    np.save(t.replace('<', 'l').replace('>', 'b') + '.npy', x.astype(t))
np.save('u1.npy', (x + 2).astype('u1'))
np.save('fortran.npy', np.asfortranarray(x))
np.savez('one.npz', x)
np.savez_compressed('packed.npz', a=x, b=np.zeros((500, 200)))
np.savetxt('x.csv', x, delimiter=',', header='a,b,c', comments='')
np.lib.format.write_array(open('v2.npy', 'wb'), x, version=(2, 0))
np.lib.format.write_array(open('v3.npy', 'wb'), x, version=(3, 0))
# A table among labels, names of columns and settings.
np.savez('labelled.npz', x, np.arange(2), names=np.array(['a', 'b', 'c']), settings=np.array({'a': 1}), seed=3)
np.savez_compressed('only.npz', labels=np.arange(2), data=np.asfortranarray(x).astype('>f4'), none=np.zeros((0, 3)))
np.save('flags.npy', x > 0)
