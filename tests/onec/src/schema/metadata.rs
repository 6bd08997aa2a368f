//! Draws `$metadata` from the schema, in the constructs of a real server: no AssociationSet, functions told apart by the
//! type of their binding parameter, `AllowedLength` declared twice.

use std::fmt::Write as _;

use super::{Function, Schema, Type};

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    r#"<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0">"#,
    r#"<edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" "#,
    r#"m:DataServiceVersion="3.0" m:MaxDataServiceVersion="3.0">"#,
    r#"<Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" Namespace="StandardODATA">"#,
);

/// The whole XML document.
pub fn document(schema: &Schema) -> String {
    let mut out = String::with_capacity(400_000);
    out.push_str(HEAD);
    for entity in schema.types.iter().filter(|one| one.is_entity()) {
        draw_type(&mut out, "EntityType", entity);
    }
    for complex in schema.types.iter().filter(|one| !one.is_entity()) {
        draw_type(&mut out, "ComplexType", complex);
    }
    for (owner, link) in schema.types.iter().flat_map(|one| one.navigations.iter().map(move |link| (one, link))) {
        _ = write!(
            out,
            concat!(
                r#"<Association Name="{0}_{1}"><End Role="Begin" Type="StandardODATA.{0}" Multiplicity="*"/>"#,
                r#"<End Role="End" Type="StandardODATA.{2}" Multiplicity="0..1"/></Association>"#
            ),
            owner.name, link.name, link.target
        );
    }
    for (name, members) in &schema.enums {
        _ = write!(out, r#"<EnumType Name="{name}" UnderlyingType="Edm.Int32">"#);
        for member in members {
            _ = write!(out, r#"<Member Name="{member}"/>"#);
        }
        out.push_str("</EnumType>");
    }
    out.push_str(r#"<EntityContainer Name="EnterpriseV8" m:IsDefaultEntityContainer="true">"#);
    for set in schema.sets() {
        _ = write!(out, r#"<EntitySet Name="{0}" EntityType="StandardODATA.{0}"/>"#, set.name);
    }
    for function in &schema.functions {
        draw_function(&mut out, function);
    }
    out.push_str("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>");
    out
}

fn draw_type(out: &mut String, tag: &str, one: &Type) {
    _ = write!(out, r#"<{tag} Name="{}""#, one.name);
    if one.is_open {
        out.push_str(r#" OpenType="true""#);
    }
    out.push('>');
    if one.is_entity() {
        out.push_str("<Key>");
        for part in &one.key {
            _ = write!(out, r#"<PropertyRef Name="{part}"/>"#);
        }
        out.push_str("</Key>");
    }
    for property in &one.properties {
        let (name, edm, nullable) = (&property.name, property.kind.edm(), property.is_nullable);
        _ = write!(out, r#"<Property Name="{name}" Type="{edm}" Nullable="{nullable}"/>"#);
    }
    for link in &one.navigations {
        _ = write!(
            out,
            r#"<NavigationProperty Name="{1}" Relationship="StandardODATA.{0}_{1}" FromRole="Begin" ToRole="End"/>"#,
            one.name, link.name
        );
    }
    _ = write!(out, "</{tag}>");
}

fn draw_function(out: &mut String, function: &Function) {
    let changes = function.returns.is_none();
    _ = write!(out, r#"<FunctionImport Name="{}" IsBindable="true" IsSideEffecting="{changes}""#, function.name);
    if let Some(returns) = &function.returns {
        _ = write!(out, r#" ReturnType="Collection(StandardODATA.{returns})""#);
    }
    _ = write!(out, r#"><Parameter Name="bindingParameter" Type="StandardODATA.{}"/>"#, function.set);
    for (name, kind) in &function.parameters {
        _ = write!(out, r#"<Parameter Name="{name}" Type="{}"/>"#, kind.edm());
    }
    out.push_str("</FunctionImport>");
}
