//! Files exchanged with NumPy itself; skipped where there is none.

use std::path::Path;
use std::process::Command;

use crate::data::write::write_archive;
use crate::data::{read_table, write_npy, write_npz};

/// Runs a script in `folder`; false where Python has no NumPy. `FOKKER_PYTHON` names another interpreter.
#[allow(clippy::print_stderr)]
fn python(folder: &Path, script: &str) -> bool {
    let python = std::env::var("FOKKER_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_numpy =
        Command::new(&python).args(["-c", "import numpy"]).output().is_ok_and(|output| output.status.success());
    if !has_numpy {
        eprintln!("SKIPPED: {python} has no NumPy");
        return false;
    }
    let output = Command::new(&python).args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn files_written_by_numpy() {
    let folder = tempfile::tempdir().unwrap();
    let script = "
import numpy as np
x = np.arange(6).reshape(2, 3) - 2.0
for t in ['<f4', '>f4', '<f8', '>f8', 'i1', '<i2', '>i4', '<i8']:
    np.save(t.replace('<', 'l').replace('>', 'b') + '.npy', x.astype(t))
np.save('u1.npy', (x + 2).astype('u1'))
np.save('fortran.npy', np.asfortranarray(x))
np.savez('one.npz', x)
np.savez_compressed('packed.npz', a=x, b=np.zeros((500, 200)))
np.savetxt('x.csv', x, delimiter=',', header='a,b,c', comments='')
np.lib.format.write_array(open('v2.npy', 'wb'), x, version=(2, 0))
np.lib.format.write_array(open('v3.npy', 'wb'), x, version=(3, 0))
";
    if !python(folder.path(), script) {
        return;
    }
    let x = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0];
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let table = read_table(&path, (name == "packed.npz").then_some("a")).unwrap();
        let expected = if name == "u1.npy" { x.map(|x| x + 2.0) } else { x };
        assert_eq!((table.rows, table.dim, table.values), (2, 3, expected.to_vec()), "{name}");
    }
    assert_eq!(read_table(&folder.path().join("packed.npz"), Some("b")).unwrap().values, vec![0.0; 100_000]);
}

#[test]
fn files_read_by_numpy() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<f64> = (0..24).map(|at| f64::from(at) / 3.0).collect();
    write_npy(&folder.path().join("a.npy"), &[2, 3, 4], &values).unwrap();
    write_npz(&folder.path().join("a.npz"), &[("x", &[6, 4], &values), ("t", &[], &[0.5]), ("é", &[1], &[1.0])])
        .unwrap();
    let mut zip64 = Vec::new();
    write_archive(&mut zip64, &[("x", &[6, 4], &values), ("y", &[0, 3], &[])], true).unwrap();
    std::fs::write(folder.path().join("b.npz"), zip64).unwrap();
    let script = "
import numpy as np, zipfile
x = np.arange(24) / 3
assert (np.load('a.npy') == x.reshape(2, 3, 4)).all()
a, b = np.load('a.npz'), np.load('b.npz')
assert a.files == ['x', 't', 'é'] and (a['x'] == x.reshape(6, 4)).all() and a['t'] == 0.5 and a['é'].shape == (1,)
assert b.files == ['x', 'y'] and (b['x'] == x.reshape(6, 4)).all() and b['y'].shape == (0, 3)
assert zipfile.ZipFile('a.npz').testzip() is None and zipfile.ZipFile('b.npz').testzip() is None
";
    python(folder.path(), script);
}
