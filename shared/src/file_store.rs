//! Where finished files lie: a folder, or a bucket of S3. A name that was never written whole is never there: what is being
//! written has no name yet.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use secrecy::ExposeSecret as _;
use url::Url;
use uuid::Uuid;

use crate::clock;
use crate::env::{self, EnvError};

/// What stands on its way to the store at once: the least that S3 takes as a part, three times.
const PART_BYTES: usize = 5 * 1024 * 1024;
const PARTS_ON_THE_WAY: usize = 2;
/// What lies in the store for longer, and is nobody's, is removed. A file has its job within seconds of its name.
const NOBODYS_AFTER: Duration = Duration::from_secs(60 * 60);

const VARIABLE: &str = "EXPORT_FILES";
/// Demanded beside a bucket alone.
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// What went wrong in the store. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store of files: {0}")]
    Store(#[from] object_store::Error),
    #[error("the store of files: {0}")]
    Folder(#[from] std::io::Error),
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    /// Where it is a folder.
    folder: Option<PathBuf>,
}

/// A file that is being written. It has no name before `finish`.
pub struct NewFile {
    key: String,
    upload: WriteMultipart,
    bytes: u64,
}

impl FileStore {
    /// `EXPORT_FILES`, required: `file:///folder`, which must be there, or `s3://bucket/prefix`. Beside the latter
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (each or its `_FILE`), `AWS_REGION` (`us-east-1`), and `AWS_ENDPOINT_URL` where
    /// it is not Amazon's. Connects to nothing.
    pub fn from_env() -> Result<Self, EnvError> {
        let text = env::required(VARIABLE)?;
        let wrong = || EnvError::new(VARIABLE, format!("is {text:?}: give file:///folder or s3://bucket/prefix."));
        let url = Url::parse(&text).map_err(|_| wrong())?;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        match url.scheme() {
            "file" if is_bare && url.fragment().is_none() => Self::folder(url.to_file_path().map_err(|()| wrong())?),
            "s3" if is_bare && url.fragment().is_none() => Self::s3(&url, url.host_str().ok_or_else(wrong)?),
            _ => Err(wrong()),
        }
    }

    fn folder(folder: PathBuf) -> Result<Self, EnvError> {
        let cannot = |cause: &dyn std::fmt::Display| {
            EnvError::new(
                VARIABLE,
                format!("names {}, which is no folder that can be read: {cause}.", folder.display()),
            )
        };
        std::fs::read_dir(&folder).map_err(|cause| cannot(&cause))?;
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(|cause| cannot(&cause))?;
        // Whoever is told that a file is there finds it after a power cut, too.
        Ok(Self { store: Arc::new(store.with_fsync(true)), folder: Some(folder) })
    }

    fn s3(url: &Url, bucket: &str) -> Result<Self, EnvError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(env::or("AWS_REGION", "us-east-1"))
            .with_access_key_id(env::secret(KEY_ID)?.expose_secret())
            .with_secret_access_key(env::secret(SECRET_KEY)?.expose_secret());
        if let Some(endpoint) = env::optional_http_url("AWS_ENDPOINT_URL")? {
            builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
        }
        let wrong = |cause: &dyn std::fmt::Display| EnvError::new(VARIABLE, format!("names no place in S3: {cause}."));
        let store = builder.build().map_err(|cause| wrong(&cause))?;
        let prefix = Path::from_url_path(url.path()).map_err(|cause| wrong(&cause))?;
        Ok(Self { store: Arc::new(PrefixStore::new(store, prefix)), folder: None })
    }

    /// Begins a file under a random name of 128 bits.
    pub async fn create(&self) -> Result<NewFile, StoreError> {
        let key = Uuid::new_v4().simple().to_string();
        let upload = self.store.put_multipart(&Path::from(key.as_str())).await?;
        Ok(NewFile { key, upload: WriteMultipart::new_with_chunk_size(upload, PART_BYTES), bytes: 0 })
    }

    /// A whole file; none where there is none of that name and of so many bytes.
    pub async fn read(
        &self,
        key: &str,
        bytes: u64,
    ) -> Result<Option<BoxStream<'static, std::io::Result<Bytes>>>, StoreError> {
        match self.store.get(&Path::from(key)).await {
            Ok(found) if found.meta.size == bytes => {
                Ok(Some(found.into_stream().map_err(std::io::Error::other).boxed()))
            }
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Removes it. One that is not there is removed already.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match self.store.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(cause.into()),
        }
    }

    /// Names of files that have lain here for an hour or longer. Whatever has no name of ours is left alone.
    pub async fn old(&self) -> Result<Vec<String>, StoreError> {
        let listed: Vec<_> = self.store.list(None).try_collect().await?;
        let now = clock::now();
        let is_old = |at: chrono::DateTime<chrono::Utc>| (now - at).to_std().is_ok_and(|age| age > NOBODYS_AFTER);
        let old = listed.into_iter().filter(|file| is_old(file.last_modified)).map(|file| file.location.to_string());
        Ok(old.filter(|name| is_name(name)).collect())
    }

    /// Removes what a killed program left half written in a folder. A bucket does that by a rule of its own (for multipart
    /// uploads that were not completed).
    pub async fn clear_halves(&self) -> Result<(), StoreError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut entries = tokio::fs::read_dir(folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let is_half = name.to_str().and_then(|name| name.split_once('#')).is_some_and(|(name, _)| is_name(name));
            let touched = entry.metadata().await.and_then(|about| about.modified());
            if is_half && touched.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > NOBODYS_AFTER)) {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        Ok(())
    }
}

impl NewFile {
    /// Waits while as much is on its way as may be.
    pub async fn write(&mut self, part: Bytes) -> Result<(), StoreError> {
        self.upload.wait_for_capacity(PARTS_ON_THE_WAY).await?;
        self.bytes += part.len() as u64;
        // Copied: a small part would keep its large buffer alive.
        self.upload.write(&part);
        Ok(())
    }

    /// It is whole: from here on it has its name. The name, and how many bytes it has.
    pub async fn finish(self) -> Result<(String, u64), StoreError> {
        self.upload.finish().await?;
        Ok((self.key, self.bytes))
    }

    /// Forgets it. Half a file that cannot be removed has no name all the same.
    pub async fn abort(self) {
        if let Err(cause) = self.upload.abort().await {
            tracing::warn!(%cause, "Half a file could not be removed from the store");
        }
    }
}

/// 32 digits, as `create` makes them.
fn is_name(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::{FileStore, StoreError};
    use bytes::Bytes;
    use futures_util::TryStreamExt as _;

    async fn text(store: &FileStore, key: &str, bytes: u64) -> Option<String> {
        let parts: Vec<Bytes> = store.read(key, bytes).await.unwrap()?.try_collect().await.unwrap();
        Some(String::from_utf8(parts.concat()).unwrap())
    }

    #[tokio::test]
    async fn a_file_has_no_name_before_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::folder(folder.path().to_owned()).unwrap();
        let names =
            || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut file = store.create().await.unwrap();
        let key = file.key.clone();
        file.write(Bytes::from(vec![b'x'; 11 * 1024 * 1024])).await.unwrap();
        assert!(text(&store, &key, 11 * 1024 * 1024).await.is_none());
        assert!(names().all(|name| name.contains('#')), "{:?}", names().collect::<Vec<_>>());
        let (finished, bytes) = file.finish().await.unwrap();
        assert_eq!((&finished, bytes), (&key, 11 * 1024 * 1024));
        assert_eq!(text(&store, &key, bytes).await.unwrap().len(), 11 * 1024 * 1024);
        assert!(text(&store, &key, bytes - 1).await.is_none(), "a file of another size is not the one that was made");

        let mut other = store.create().await.unwrap();
        other.write(Bytes::from_static(b"half")).await.unwrap();
        other.abort().await;
        assert!(names().eq([key.clone()]));
        store.remove(&key).await.unwrap();
        store.remove(&key).await.unwrap();
        assert_eq!(names().count(), 0);
    }

    #[tokio::test]
    async fn what_is_not_ours_is_not_taken_for_an_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::folder(folder.path().to_owned()).unwrap();
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 60 * 60);
        let ours = "0123456789abcdef0123456789abcdef";
        for name in [ours, "0123456789ABCDEF0123456789ABCDEF", "holiday.jpg", &format!("{ours}#1"), "notes#1"] {
            std::fs::File::create(folder.path().join(name)).unwrap().set_modified(long_ago).unwrap();
        }
        assert_eq!(store.old().await.unwrap(), [ours]);
        store.clear_halves().await.unwrap();
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["0123456789ABCDEF0123456789ABCDEF", ours, "holiday.jpg", "notes#1"]);
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_an_error_and_no_empty_store() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::folder(folder.path().join("exports")).err();
        assert!(store.unwrap().to_string().starts_with("EXPORT_FILES names "));
        std::fs::create_dir(folder.path().join("exports")).unwrap();
        let store = FileStore::folder(folder.path().join("exports")).unwrap();
        std::fs::remove_dir(folder.path().join("exports")).unwrap();
        assert!(matches!(store.clear_halves().await, Err(StoreError::Folder(_))));
    }
}
