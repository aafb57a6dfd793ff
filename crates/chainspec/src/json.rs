//! JSON with paths: every error names the key it is about, and no key is passed over in silence.
//!
//! Numbers may be written as JSON numbers, as decimal or as hex strings, and keys in any case of letters, as geth
//! reads them.

use std::{borrow::Cow, fmt, str::FromStr};

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Error, error::nearest};

/// The fields of an object in the order of the file.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// An object whose fields are taken one by one; [`Object::finish`] refuses what is left.
pub(crate) struct Object<'a> {
    path: String,
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    known: Vec<&'static str>,
}

impl<'a> Object<'a> {
    /// Reads the outermost object of a file.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        Self::from_text(text, String::new())
    }

    fn from_text(text: &'a str, path: String) -> Result<Self, Error> {
        let Fields(fields) = serde_json::from_str(text).map_err(|error| Error::Json {
            key: if path.is_empty() { "genesis".to_owned() } else { path.clone() },
            reason: error.to_string(),
        })?;
        Ok(Self { path, fields, known: Vec::new() })
    }

    /// Takes a field out; absent and `null` are the same.
    ///
    /// # Errors
    /// [`Error::Duplicate`] when the key stands there twice.
    pub(crate) fn take(&mut self, key: &'static str) -> Result<Option<Value<'a>>, Error> {
        self.known.push(key);
        let path = self.path_of(key);
        let Some(at) = self.fields.iter().position(|(name, _)| name.eq_ignore_ascii_case(key)) else {
            return Ok(None);
        };
        let (_, raw) = self.fields.remove(at);
        if self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(key)) {
            return Err(Error::Duplicate { key: path });
        }
        Ok((raw.get() != "null").then_some(Value { path, raw: raw.get() }))
    }

    /// As [`Self::take`] for a field that has to be there.
    pub(crate) fn need(&mut self, key: &'static str, hint: &'static str) -> Result<Value<'a>, Error> {
        self.take(key)?.ok_or_else(|| Error::Missing { key: self.path_of(key), hint })
    }

    /// Takes fields out unread: what other clients put there and this one has no use for.
    pub(crate) fn skip(&mut self, keys: &[&'static str]) -> Result<(), Error> {
        keys.iter().try_for_each(|key| self.take(key).map(drop))
    }

    /// Takes every field that is left, with its path.
    pub(crate) fn rest(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        let Self { path, fields, .. } = self;
        fields.into_iter().map(move |(name, raw)| {
            let value = Value { path: join(&path, &name), raw: raw.get() };
            (name, value)
        })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] for the first field that nobody took.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let Some((name, _)) = self.fields.first() else { return Ok(()) };
        Err(Error::UnknownKey { key: self.path_of(name), nearest: nearest(name, &self.known) })
    }

    pub(crate) fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A value with the path at which it stands.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    path: String,
    raw: &'a str,
}

impl<'a> Value<'a> {
    pub(crate) fn object(&self) -> Result<Object<'a>, Error> {
        Object::from_text(self.raw, self.path.clone())
    }

    pub(crate) fn bool(&self) -> Result<bool, Error> {
        bool::from_str(self.raw).map_err(|_| self.wrong("true or false"))
    }

    pub(crate) fn string(&self) -> Result<Cow<'a, str>, Error> {
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        serde_json::from_str::<Text<'a>>(self.raw).map(|text| text.0).map_err(|_| self.wrong("a string"))
    }

    pub(crate) fn u256(&self) -> Result<U256, Error> {
        let expected = "a number of at most 256 bits, decimal or 0x and hex digits";
        let text = self.number_text()?;
        let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) if is_hex(digits) => U256::from_str_radix(digits, 16).ok(),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() => {
                U256::from_str_radix(&text, 10).ok()
            }
            _ => None,
        };
        parsed.ok_or_else(|| self.wrong(expected))
    }

    pub(crate) fn u64(&self) -> Result<u64, Error> {
        self.u256()?.try_into().map_err(|_| self.wrong("a number of at most 64 bits"))
    }

    /// A number within bounds, both included.
    pub(crate) fn u64_within(&self, lowest: u64, highest: u64) -> Result<u64, Error> {
        let number = self.u64()?;
        if (lowest..=highest).contains(&number) {
            return Ok(number);
        }
        Err(self.wrong(format!("{lowest} to {highest}")))
    }

    pub(crate) fn bytes(&self) -> Result<Bytes, Error> {
        let text = self.string()?;
        let wrong = |_| self.wrong("0x and an even number of hex digits");
        hex::decode(text.as_ref()).map(Bytes::from).map_err(wrong)
    }

    pub(crate) fn address(&self) -> Result<Address, Error> {
        parse_address(&self.string()?).ok_or_else(|| self.wrong("an address: 0x and 40 hex digits"))
    }

    /// A word of 32 bytes; shorter ones are padded on the left, as geth does in `storage`.
    pub(crate) fn word(&self) -> Result<B256, Error> {
        parse_word(&self.string()?).ok_or_else(|| self.wrong("0x and at most 64 hex digits"))
    }

    /// The error for a value that is not what it should be.
    pub(crate) fn wrong(&self, expected: impl Into<String>) -> Error {
        let value = match self.raw.char_indices().nth(48) {
            Some((end, _)) => format!("{}...", &self.raw[..end]),
            None => self.raw.to_owned(),
        };
        Error::Value { key: self.path.clone(), value, expected: expected.into() }
    }

    fn number_text(&self) -> Result<Cow<'a, str>, Error> {
        if self.raw.starts_with('"') { self.string() } else { Ok(Cow::Borrowed(self.raw)) }
    }
}

fn is_hex(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An address with or without 0x, exactly 40 hex digits in any case.
pub(crate) fn parse_address(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    (digits.len() == 40).then(|| hex::decode(digits).ok()).flatten().map(|bytes| Address::from_slice(&bytes))
}

/// A word with or without 0x, of at most 64 hex digits.
pub(crate) fn parse_word(text: &str) -> Option<B256> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() > 64 || !is_hex(digits) {
        return None;
    }
    U256::from_str_radix(digits, 16).ok().map(B256::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(raw: &str) -> Value<'_> {
        Value { path: "key".to_owned(), raw }
    }

    #[test]
    fn numbers_in_every_spelling() {
        for (raw, expected) in
            [("7", 7), ("\"7\"", 7), ("\"0x07\"", 7), ("\"0xFf\"", 255), ("0", 0), ("\"0x0\"", 0)]
        {
            assert_eq!(value(raw).u64(), Ok(expected), "{raw}");
        }
        for raw in [
            "-1",
            "1.5",
            "1e3",
            "\"\"",
            "\"0x\"",
            "\"0xg\"",
            "\"+1\"",
            "\"1_0\"",
            "true",
            "{}",
            "18446744073709551616",
        ] {
            assert!(value(raw).u64().is_err(), "{raw}");
        }
        let difficulty = value("58750000000000000000000").u256();
        assert_eq!(difficulty, Ok(U256::from(58_750_000_000_000_000_000_000u128)));
    }

    #[test]
    fn words_are_padded_on_the_left() {
        assert_eq!(value("\"0x1\"").word(), Ok(B256::with_last_byte(1)));
        assert_eq!(value("\"02\"").word(), Ok(B256::with_last_byte(2)));
        let too_long = format!("\"0x{}\"", "0".repeat(65));
        assert!(value(&too_long).word().is_err());
        assert!(value("\"\"").word().is_err());
    }

    #[test]
    fn what_nobody_took_is_an_error_with_the_nearest_key() {
        let mut object = Object::parse(r#"{"chainId":1,"shangaiTime":5}"#).unwrap();
        object.take("chainId").unwrap();
        object.take("shanghaiTime").unwrap();
        let error = object.finish().unwrap_err();
        assert_eq!(error.to_string(), "unknown key shangaiTime, did you mean shanghaiTime?");
    }

    #[test]
    fn keys_fold_case_and_duplicates_are_errors() {
        let mut object = Object::parse(r#"{"extradata":"0x"}"#).unwrap();
        assert!(object.take("extraData").unwrap().is_some());
        object.finish().unwrap();
        let mut object = Object::parse(r#"{"a":1,"A":2}"#).unwrap();
        assert_eq!(object.take("a").err(), Some(Error::Duplicate { key: "a".to_owned() }));
    }

    #[test]
    fn long_values_are_shortened_in_errors() {
        let long = format!("\"{}\"", "z".repeat(1000));
        let text = value(&long).u64().unwrap_err().to_string();
        assert!(text.len() < 200, "{text}");
    }
}
