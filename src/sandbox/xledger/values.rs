//! Values that are derived from others, and the forms dates are written in.

use serde_json::Value;

use super::record::{Kind, Record};
use super::world::World;

/// `yyyy-MM-dd` and a day that exists.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// `yyyy-MM-ddTHH:mm:ss`, without a zone or a fraction.
pub fn is_date_time(text: &str) -> bool {
    text.len() == 19 && text.as_bytes()[10] == b'T' && text.parse::<jiff::civil::DateTime>().is_ok()
}

/// The employee's own `email` reflects its contact's.
pub fn employee_email<'a>(world: &'a World, employee: &Record) -> Option<&'a str> {
    world.get(Kind::Contact, employee.reference("contact")?)?.text("email")
}

/// The name a contact was given, else its first and last name.
pub fn contact_name(contact: &Record) -> Option<String> {
    if let Some(name) = contact.text("name") {
        return Some(name.to_owned());
    }
    let parts: Vec<&str> = ["firstName", "lastName"].iter().filter_map(|f| contact.text(f)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Whole years from a birthday to `today`, both `yyyy-MM-dd`.
pub fn age(birthday: &str, today: &str) -> Option<i64> {
    let year = |text: &str| text.get(..4)?.parse::<i64>().ok();
    let had_birthday = today.get(5..)? >= birthday.get(5..)?;
    Some(year(today)? - year(birthday)? - i64::from(!had_birthday))
}

/// One line of free text as an address: `street, zip, place`, or everything in the street.
pub fn address_of_line(line: &str) -> Value {
    let parts: Vec<&str> = line.split(',').map(str::trim).collect();
    match parts.as_slice() {
        [street, zip, place] => serde_json::json!({"streetAddress": street, "zipCode": zip, "place": place}),
        _ => serde_json::json!({"streetAddress": line}),
    }
}
