//! How numbers, dates and ids of generated people are spelled.

use fastrand::Rng;

/// The account of a number: eleven digits, the last one by mod 11. One to one for numbers below 4,454,505,000.
pub(super) fn account(number: u64) -> String {
    const SPACE: u64 = 8999 * 99 * 5000;
    // A prime that does not divide the space, so that neighbours get unlike accounts and no two the same.
    let spread = (number + 12_347).wrapping_mul(2_654_435_761) % SPACE;
    let bank = 1000 + spread / 5000 / 99;
    // Never 00, which would put the account under another check rule.
    let kind = 1 + spread / 5000 % 99;
    // Even, so that the neighbour taken where no check digit exists belongs to nobody else.
    let even = format!("{bank:04}{kind:02}{:04}", spread % 5000 * 2);
    let (base, check) = match check_digit(even.as_bytes()) {
        Some(check) => (even, check),
        None => {
            let odd = format!("{bank:04}{kind:02}{:04}", spread % 5000 * 2 + 1);
            // Adding one adds two to a sum whose rest was one, so the rest is three.
            (odd, 8)
        }
    };
    format!("{base}{check}")
}

/// The check digit of the first ten digits; `None` where it would be ten.
fn check_digit(ten: &[u8]) -> Option<u32> {
    let sum: u32 =
        ten.iter().zip([5, 4, 3, 2, 7, 6, 5, 4, 3, 2]).map(|(&digit, w)| u32::from(digit - b'0') * w).sum();
    match sum % 11 {
        0 => Some(0),
        1 => None,
        rest => Some(11 - rest),
    }
}

/// The Norwegian IBAN of an account. ISO 13616: the letters as numbers ("NO" is 2324) behind the account, 98 less
/// the rest by 97.
pub(super) fn iban(account: &str) -> String {
    let rest = account
        .bytes()
        .chain(*b"232400")
        .fold(0u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("NO{:02}{account}", 98 - rest)
}

pub(super) fn with_dots(account: &str) -> String {
    format!("{}.{}.{}", &account[..4], &account[4..6], &account[6..])
}

pub(super) fn phone(digits: &str, style: u32) -> String {
    match style {
        0 => format!("+47{digits}"),
        1 => format!("+47 {} {} {}", &digits[..3], &digits[3..5], &digits[5..]),
        2 => format!("0047{digits}"),
        _ => digits.into(),
    }
}

pub(super) fn date(year: u32, month: u32, day: u32) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// A version 4 UUID that ends in the number.
pub(super) fn uuid(rng: &mut Rng, number: u64) -> String {
    let high = rng.u64(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{number:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high >> 4 & 0xfff,
        0x8000 | rng.u32(..0x4000)
    )
}

/// The name as it stands in an e-mail address.
pub(super) fn ascii(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'æ' => plain.push_str("ae"),
            'ø' => plain.push('o'),
            'å' => plain.push_str("aa"),
            ' ' | '-' => plain.push('.'),
            other => plain.push(other),
        }
    }
    plain
}
