//! The rules M-01 to M-11 of the house, in one list.

use crate::complaint::Complaint;
use crate::site::Site;
use crate::{disruption, images, ingress, lifecycle, network, policy, resources, restricted, scaling, schema, secrets};

pub type Rule = fn(&Site) -> Vec<Complaint>;

pub const RULES: [(&str, Rule); 11] = [
    ("M-01", schema::complaints),
    ("M-02", policy::complaints),
    ("M-03", restricted::complaints),
    ("M-04", resources::complaints),
    ("M-05", lifecycle::complaints),
    ("M-06", disruption::complaints),
    ("M-07", network::complaints),
    ("M-08", secrets::complaints),
    ("M-09", ingress::complaints),
    ("M-10", images::complaints),
    ("M-11", scaling::complaints),
];

/// What a rule has against any of the sites.
fn against_all(rule: Rule) -> String {
    let said = Site::all()
        .into_iter()
        .flat_map(|site| rule(site).into_iter().map(|complaint| format!("\n  {}: {complaint}", site.name)));
    said.collect()
}

macro_rules! no_site_breaks {
    ($($name:ident: $rule:path,)*) => {$(
        #[test]
        fn $name() {
            let said = against_all($rule);
            assert!(said.is_empty(), "{said}");
        }
    )*};
}

no_site_breaks! {
    m_01_every_object_fits_the_schemas_of_the_two_newest_minors: schema::complaints,
    m_02_the_policy_scan_is_clean_but_for_dated_waivers: policy::complaints,
    m_03_every_pod_keeps_to_the_restricted_profile: restricted::complaints,
    m_04_every_container_has_requests_and_limits_above_its_peak: resources::complaints,
    m_05_probes_differ_and_the_grace_period_covers_pause_and_drain: lifecycle::complaints,
    m_06_parts_of_several_pods_are_spread_and_disrupted_one_by_one: disruption::complaints,
    m_07_the_network_allows_the_documented_connections_and_no_other: network::complaints,
    m_08_secrets_are_files_and_every_workload_has_its_own_account: secrets::complaints,
    m_09_the_way_in_is_encrypted_bounded_and_leads_to_pages_only: ingress::complaints,
    m_10_images_are_exact_and_every_object_is_labelled: images::complaints,
    m_11_scaling_has_reasons_bounds_and_no_fixed_number_beside_it: scaling::complaints,
}
