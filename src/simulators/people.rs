//! Made-up people and companies. Addresses use the domains that RFC 2606 keeps for examples.

use super::ids::Ids;

const FIRST: [&str; 40] = [
    "Ana", "Bruno", "Chloe", "Dmitri", "Elena", "Farid", "Grace", "Hiro", "Ines", "Jonas", "Kavya", "Liam",
    "Maya", "Nikolai", "Olga", "Pedro", "Quinn", "Rosa", "Samir", "Tara", "Uma", "Viktor", "Wanda", "Ximena",
    "Yusuf", "Zofia", "Amara", "Boris", "Carmen", "Diego", "Esther", "Felix", "Gloria", "Hana", "Ivo",
    "Julia", "Kofi", "Lucia", "Mateo", "Nadia",
];
const LAST: [&str; 40] = [
    "Reyes",
    "Santos",
    "Okafor",
    "Larsen",
    "Nguyen",
    "Haddad",
    "Kowalski",
    "Tanaka",
    "Moreau",
    "Silva",
    "Iyer",
    "Novak",
    "Garcia",
    "Petrov",
    "Andersson",
    "Castillo",
    "Brandt",
    "Rossi",
    "Dlamini",
    "Fischer",
    "Aquino",
    "Cruz",
    "Mendoza",
    "Bautista",
    "Herrera",
    "Vargas",
    "Ortega",
    "Jensen",
    "Weber",
    "Keller",
    "Papadopoulos",
    "Sato",
    "Kim",
    "Chen",
    "Patel",
    "Singh",
    "Baker",
    "Walsh",
    "Duarte",
    "Ramos",
];
const COUNTRIES: [&str; 12] = [
    "US", "MX", "PH", "DE", "BR", "GB", "FR", "JP", "IN", "SE", "CA", "ES",
];

/// Somebody who does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// First and last name.
    pub name: String,
    /// An address under `example.com`, `.org` or `.net`, unlikely to be made twice.
    pub email: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

pub(crate) fn person(ids: &mut Ids) -> Person {
    let first = FIRST[ids.below(FIRST.len())];
    let last = LAST[ids.below(LAST.len())];
    let domain = ["example.com", "example.org", "example.net"][ids.below(3)];
    let number = ids.digits(4);
    Person {
        name: format!("{first} {last}"),
        email: format!(
            "{}.{}{number}@{domain}",
            first.to_lowercase(),
            last.to_lowercase()
        ),
        country: COUNTRIES[ids.below(COUNTRIES.len())].to_owned(),
    }
}
