//! Customers: finding, making, changing.

use reqwest::Method;
use serde_json::Value;

use super::{
    super::{
        client::{Client, Request, act, create as creation, idempotency_key, refused_here, segment},
        interpret::{NO_LAST_NAME, Occasion, Resource, Told, read_object},
        wire::forms::CustomerForm,
    },
    pages, read,
};
use crate::{
    domain::{
        ids::ObjectId,
        observation::Observation,
        provider::{ObjectKind, ObjectRef},
    },
    providers::{Answer, CustomerPatch, NewCustomer, ProviderError, ReadObject},
};

/// An address is one customer's alone; a second page would be a wonder.
const PAGES: usize = 2;

pub(super) async fn by_email(client: &Client, email: &str) -> Result<Answer<ReadObject>, ProviderError> {
    search(client, email, |found| found == email).await
}

/// PayMongo filters; whether it does so to the letter it does not say.
async fn search(
    client: &Client,
    email: &str,
    fits: impl Fn(&str) -> bool,
) -> Result<Answer<ReadObject>, ProviderError> {
    let email = email.to_owned();
    let listed = pages::fetch(client, PAGES, || {
        Request::get("/v1/customers").query("email", email.clone())
    })
    .await?;
    let mut found = read::nothing();
    listed.for_each(|reply, customer: Value| {
        let told = read_object(Resource::Customer, customer, Occasion::of(reply))
            .map_err(|flaw| reply.flawed(flaw))?;
        if let Told::Whole { observations, .. } = told {
            let fitting = observations.into_iter().filter(|observation| {
                matches!(observation, Observation::Customer(seen) if seen.email.as_deref().is_some_and(&fits))
            });
            found.observations.extend(fitting);
        }
        Ok(())
    })?;
    Ok(listed.answer(found))
}

/// An address can have one customer only, so that one is looked for first: it may be what an earlier try has made whose
/// answer was lost.
pub(super) async fn create(
    client: &Client,
    new: &NewCustomer,
    key: &str,
) -> Result<Answer<ReadObject>, ProviderError> {
    let Some(email) = new.email.as_deref().filter(|email| !email.trim().is_empty()) else {
        return Err(refused_here(
            "POST /v1/customers",
            "email_required",
            "PayMongo makes no customer without an e-mail address: give the customer one, then try again",
        ));
    };
    let same = |found: &str| found.eq_ignore_ascii_case(email);
    let known = search(client, email, same).await?;
    if !known.value.observations.is_empty() {
        return Ok(known);
    }
    let (first_name, last_name) = names(new.name.as_deref(), email);
    let form = CustomerForm {
        first_name: Some(first_name),
        last_name: Some(last_name),
        email: Some(email.to_owned()),
        default_device: Some("email"),
    };
    let key = idempotency_key(key);
    match client.send(creation("/v1/customers", &form, &key)?).await {
        Ok(reply) => read::of_reply(client, Resource::Customer, reply).await,
        // Somebody else may have been quicker.
        Err(refused @ ProviderError::Refused { .. }) => {
            let known = search(client, email, same).await?;
            if known.value.observations.is_empty() {
                Err(refused)
            } else {
                Ok(known)
            }
        }
        Err(error) => Err(error),
    }
}

/// PayMongo keeps no metadata of a customer, so that alone there is nothing to change.
pub(super) async fn update(
    client: &Client,
    id: &ObjectId,
    patch: &CustomerPatch,
) -> Result<Answer<ReadObject>, ProviderError> {
    let (first_name, last_name) = match patch.name.as_deref() {
        Some(name) => {
            let (first, last) = names(Some(name), patch.email.as_deref().unwrap_or_default());
            (Some(first), Some(last))
        }
        None => (None, None),
    };
    let form = CustomerForm {
        first_name,
        last_name,
        email: patch.email.clone(),
        default_device: None,
    };
    if form.first_name.is_none() && form.email.is_none() {
        return read::object(client, &ObjectRef::new(ObjectKind::Customer, id.clone())).await;
    }
    let path = format!("/v1/customers/{}", segment(id.as_str()));
    let reply = client.send(act(Method::PATCH, path, &form)?).await?;
    read::of_reply(client, Resource::Customer, reply).await
}

/// PayMongo asks for a first and a last name. Without a name the address stands for it.
fn names(name: Option<&str>, email: &str) -> (String, String) {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(email));
    match name.split_once(char::is_whitespace) {
        Some((first, last)) => (first.to_owned(), last.trim().to_owned()),
        None => (name.to_owned(), NO_LAST_NAME.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parted_and_never_missing() {
        let is = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(names(Some("Juan  dela Cruz"), "j@x.ph"), is("Juan", "dela Cruz"));
        assert_eq!(names(Some(" Ana "), "j@x.ph"), is("Ana", "-"));
        assert_eq!(names(Some("  "), "juan.cruz@x.ph"), is("juan.cruz", "-"));
        assert_eq!(names(None, "juan@x.ph"), is("juan", "-"));
    }
}
