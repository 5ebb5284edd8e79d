//! Every document that can be sent fits the schema: ours, and the simulator's, which was written apart from it.

use super::document::{Missing, fit};
use super::options::AddressAt;
use super::{add, by_ids, catalog, changes, page, rights, schema_drift, tenant, update};
use apollo_compiler::{ExecutableDocument, Schema, validation::Valid};
use graphql_client::GraphQLQuery;

fn ours() -> Valid<Schema> {
    Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql").unwrap()
}

fn documents() -> Vec<String> {
    fn text<Q: GraphQLQuery>(variables: Q::Variables) -> String {
        Q::build_query(variables).query.to_owned()
    }
    let mut documents = vec![
        text::<page::ReadPage>(page::read_page::Variables { first: 1, after: None }),
        text::<changes::Poll>(changes::poll::Variables { after: None, since: None }),
        text::<changes::PollByTime>(changes::poll_by_time::Variables { since: None }),
        text::<changes::MoreEmployees>(changes::more_employees::Variables { after: None, since: None }),
        text::<changes::MoreContacts>(changes::more_contacts::Variables { after: None, since: None }),
        text::<changes::MoreSubledgers>(changes::more_subledgers::Variables { after: None, since: None }),
        text::<changes::NewestChange>(changes::newest_change::Variables {}),
        text::<catalog::Kinds>(catalog::kinds::Variables { first: 1, after: None }),
        text::<catalog::Countries>(catalog::countries::Variables { first: 1, after: None }),
        text::<catalog::Values>(catalog::values::Variables { first: 1, after: None, kind: None }),
        text::<catalog::Survey>(catalog::survey::Variables { first: 1, after: None }),
        text::<tenant::Tenant>(tenant::tenant::Variables { first: 1, after: None }),
        by_ids::by_ids_document("dbId_in", &[101, 102]),
        by_ids::by_ids_document("contactDbId_in", &[901]),
        by_ids::find_document(true, true),
        by_ids::find_document(true, false),
        by_ids::find_document(false, true),
        add::DOCUMENT.to_owned(),
        schema_drift::ROOTS_AND_TYPES.to_owned(),
        schema_drift::INPUTS.to_owned(),
        schema_drift::nodes_document(&[("UpdateContactsInput", "UpdateContactsInputNode".to_owned())]),
        schema_drift::nodes_document(&[]),
    ];
    documents.extend([update::CONTACTS, update::EMPLOYEES, update::BOTH].map(str::to_owned));
    documents.extend(rights::READS.iter().map(|right| right.document.to_owned()));
    documents.extend(rights::WRITES.iter().filter_map(rights::WriteRight::document));
    documents
}

fn assert_fits(schema: &Valid<Schema>, document: &str) {
    if let Err(errors) = ExecutableDocument::parse_and_validate(schema, document, "document.graphql") {
        panic!("{document}\n{}", errors.errors);
    }
}

fn missing(paths: &[&str]) -> Missing {
    let mut missing = Missing::default();
    paths.iter().for_each(|path| missing.insert((*path).to_owned()));
    missing
}

#[test]
fn every_document_fits_the_schema_with_either_address() {
    let schema = ours();
    for document in documents() {
        for address in [AddressAt::Home, AddressAt::Main] {
            assert_fits(&schema, &fit(&document, address, &Missing::default()));
        }
    }
}

#[test]
fn every_document_fits_the_simulators_schema() {
    let schema =
        Schema::parse_and_validate(include_str!("../../sandbox/xledger/schema.graphql"), "sim.graphql")
            .unwrap();
    for document in documents() {
        assert_fits(&schema, &fit(&document, AddressAt::Main, &Missing::default()));
    }
}

#[test]
fn a_document_fits_a_schema_without_what_is_missing() {
    let removed = [
        (
            "  trialTo: DateString\n  noticeDate: DateString\n  contact: Contact",
            "  noticeDate: DateString\n  contact: Contact",
        ),
        ("  gender: SystemValue\n", ""),
        (", ownerSet: OwnerSet, objectStatus: ObjectStatus): EmployeeConnection", "): EmployeeConnection"),
    ];
    let mut schema = include_str!("schema.graphql").to_owned();
    for (text, replacement) in removed {
        assert!(schema.contains(text), "{text}");
        schema = schema.replace(text, replacement);
    }
    let schema = Schema::parse_and_validate(schema, "schema.graphql").unwrap();
    let missing =
        missing(&["Employee.trialTo", "Contact.gender", "employees(ownerSet)", "employees(objectStatus)"]);
    for document in documents() {
        // The right is about gender: there is nothing to ask then.
        if document.contains("node { gender { code } }") {
            continue;
        }
        assert_fits(&schema, &fit(&document, AddressAt::Home, &missing));
    }
}

#[test]
fn no_document_names_what_must_never_be_read() {
    for document in documents() {
        for name in ["socialSec", "personalId", "endCursor", "showAlternatives", "remove"] {
            assert!(!document.contains(name), "{name} in {document}");
        }
    }
}
