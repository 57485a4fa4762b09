//! A disk of a test's own, small enough to be filled.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use tempfile::TempDir;

/// A file system in memory, gone when dropped.
#[derive(Debug)]
pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one of the size. Where that is not permitted, says so for `tests/run` to repeat.
    #[expect(clippy::print_stdout, reason = "a test that skips says so on its standard output")]
    pub fn mount(size_mib: u32) -> anyhow::Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let options = format!("size={size_mib}m,mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Some(Self(folder))),
            Ok(output) => {
                println!("skipped: no small disk: {}", String::from_utf8_lossy(&output.stderr).trim());
                Ok(None)
            }
            Err(error) => {
                println!("skipped: no small disk: mount: {error}");
                Ok(None)
            }
        }
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Fills it, but for so many bytes.
    pub fn fill(&self, left_bytes: u64) -> anyhow::Result<()> {
        let free = self.free_bytes()?;
        ensure!(free > left_bytes, "only {free} bytes are free");
        let mut ballast = File::create(self.ballast())?;
        let mut wanted = usize::try_from(free - left_bytes)?;
        let zeros = vec![0; 1 << 20];
        while wanted > 0 {
            match ballast.write(&zeros[..wanted.min(zeros.len())]) {
                Ok(written) => wanted -= written,
                // Others write beside it.
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Gives the space back.
    pub fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }

    fn free_bytes(&self) -> anyhow::Result<u64> {
        let output = Command::new("df").args(["-B1", "--output=avail"]).arg(self.path()).output()?;
        ensure!(output.status.success(), "df: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().last().unwrap_or_default().trim().parse()?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Detached at once; the kernel lets it go with the last open file.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
