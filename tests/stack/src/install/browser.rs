//! Chromium out of its npm package: brotli through node's zlib, then tar; fonts that have a rouble sign.

use std::path::Path;

use anyhow::{Context, Result};

use crate::parts::Parts;
use crate::process::Launch;
use crate::progress::run;

const UNPACK_JS: &str = "const fs = require('fs'), zlib = require('zlib'), { pipeline } = require('stream');
pipeline(fs.createReadStream(process.argv[1]), zlib.createBrotliDecompress(), fs.createWriteStream(process.argv[2]),
  error => { if (error) { console.error(String(error)); process.exit(1); } });";

pub(super) async fn unpack(parts: &Parts, log: &Path) -> Result<()> {
    let packed = parts.root().join("node_modules/@sparticuz/chromium/bin");
    let program = parts.chromium();
    let folder = program.parent().context("the browser has a folder")?;
    super::remove(folder)?;
    std::fs::create_dir_all(folder)?;
    for (name, is_archive) in [("chromium", false), ("al2023.tar", true), ("swiftshader.tar", true)] {
        let target = folder.join(name);
        let node = Launch::new("node", "node", log)
            .args(["-e", UNPACK_JS])
            .arg(packed.join(format!("{name}.br")))
            .arg(&target);
        run(node).await?;
        if is_archive {
            run(Launch::new("tar", "tar", log).arg("-xf").arg(&target).folder(folder)).await?;
            std::fs::remove_file(&target)?;
        }
    }
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    std::fs::write(parts.fonts_conf(), fonts(parts))?;
    Ok(())
}

fn fonts(parts: &Parts) -> String {
    let fonts = parts.root().join("node_modules/dejavu-fonts-ttf/ttf");
    let cache = parts.root().join("chromium/font-cache");
    let families = [("sans-serif", "DejaVu Sans"), ("serif", "DejaVu Serif"), ("monospace", "DejaVu Sans Mono")];
    let aliases: String = families
        .iter()
        .map(|(generic, family)| {
            format!("  <alias><family>{generic}</family><prefer><family>{family}</family></prefer></alias>\n")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n<fontconfig>\n  <dir>{}</dir>\n  \
         <cachedir>{}</cachedir>\n{aliases}</fontconfig>\n",
        fonts.display(),
        cache.display()
    )
}
