//! M-10: what runs is named exactly: images by their version and, in production, those of others by digest, no `latest`;
//! and every object says which part it belongs to. Our own images get their digests from skaffold at a release.

use crate::complaint::{Complaint, Complaints};
use crate::site::{NAME, Pod, Site, id, text};
use crate::waivers::{self, Remark};

const PART_OF: &str = "app.kubernetes.io/part-of";
const COMPONENT: &str = "app.kubernetes.io/component";
const COMPONENTS: [&str; 9] = ["api", "web", "etl", "reports", "store", "sso", "setup", "erp", "mail"];
/// How the names of our own images begin.
const OURS: &str = "dealer-portal/";
/// The dev loop gives its own tags.
const DEV_TAG: &str = "dev";

pub fn complaints(site: &Site) -> Vec<Complaint> {
    let mut complaints = Complaints::of("M-10");
    for pod in site.pods() {
        for container in pod.all_containers() {
            let object = format!("{} container {}", pod.id(), text(&container["name"]));
            image(site, &object, text(&container["image"]), &mut complaints);
            let policy = container["imagePullPolicy"] == "IfNotPresent";
            complaints.demand(policy, object, "imagePullPolicy is not IfNotPresent");
        }
        labels(pod, &mut complaints);
    }
    for remark in waivers::unwaived(without_digest(site)) {
        complaints.add(remark.object, remark.says);
    }
    for object in site.objects.iter().filter(|object| object["kind"] != "Namespace") {
        let part_of = &object["metadata"]["labels"][PART_OF];
        complaints.demand(part_of == "dealer-portal", id(object), format!("{PART_OF} is not dealer-portal"));
    }
    complaints.all
}

/// The images of others that a production site names without a digest: skaffold adds none to what it does not build.
pub fn without_digest(site: &Site) -> Vec<Remark> {
    let pods = site.pods().into_iter().filter(|_| site.is_production());
    let images = pods.flat_map(|pod| pod.all_containers().map(move |container| (pod.id(), text(&container["image"]))));
    let theirs = images.filter(|(_, image)| !image.starts_with(OURS) && !image.contains('@'));
    let rule = || "image-digest".to_owned();
    theirs.map(|(object, image)| Remark { rule: rule(), object, says: format!("{image} has no digest") }).collect()
}

fn image(site: &Site, object: &str, image: &str, complaints: &mut Complaints) {
    let (named, digest) = image.split_once('@').map_or((image, None), |(named, digest)| (named, Some(digest)));
    let tag = named.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'));
    let ours_in_dev = !site.is_production() && named.starts_with(OURS) && tag == Some(DEV_TAG);
    let exact = ours_in_dev || tag.is_some_and(is_version) || (tag.is_none() && digest.is_some());
    complaints.demand(exact, object, format!("the image {image} has no exact version"));
    let whole = digest.is_none_or(|digest| {
        digest
            .strip_prefix("sha256:")
            .is_some_and(|hash| hash.len() == 64 && hash.chars().all(|digit| digit.is_ascii_hexdigit()))
    });
    complaints.demand(whole, object, format!("the digest of {image} is none"));
}

/// Two numbers at least: `18.6-bookworm`, not `18`, not `stable`.
fn is_version(tag: &str) -> bool {
    let number = |part: Option<&str>| part.is_some_and(|part| part.starts_with(|digit: char| digit.is_ascii_digit()));
    let mut parts = tag.trim_start_matches('v').split('.');
    number(parts.next()) && number(parts.next())
}

fn labels(pod: Pod<'_>, complaints: &mut Complaints) {
    for (labels, whose) in [(&pod.owner["metadata"]["labels"], "it"), (pod.labels, "its pods")] {
        // An operator's object is not named for its pods.
        let name = labels[NAME] == pod.name || pod.kind() == "ClickHouseInstallation";
        complaints.demand(name, pod.id(), format!("{whose}: {NAME} is not {}", pod.name));
        let component = COMPONENTS.contains(&text(&labels[COMPONENT])) || pod.kind() == "ClickHouseInstallation";
        complaints.demand(component, pod.id(), format!("{whose}: {COMPONENT} is none of ours"));
    }
    complaints.demand(pod.labels[PART_OF] == "dealer-portal", pod.id(), format!("its pods have no {PART_OF}"));
}

#[test]
fn a_tag_that_moves_is_no_version() {
    for tag in ["18.6-bookworm", "26.7.3.19", "4.4.0", "v2.16.1", "0.1.0"] {
        assert!(is_version(tag), "{tag}");
    }
    for tag in ["latest", "18", "stable", "bookworm", "18-bookworm", "main.2"] {
        assert!(!is_version(tag), "{tag}");
    }
}
