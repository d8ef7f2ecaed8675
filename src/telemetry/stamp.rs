//! The time of a log line, as RFC 3339 with microseconds; what stays the same within a second is written once.

use jiff::Timestamp;

/// `2026-11-22T05:56:34`.
const TO_THE_SECOND: usize = 19;

/// The second that was written last.
#[derive(Debug, Default)]
pub struct Stamp {
    second: i64,
    text: Vec<u8>,
}

impl Stamp {
    /// Appends the time, UTC.
    pub fn write(&mut self, now: Timestamp, bytes: &mut Vec<u8>) {
        let (second, micros) = (now.as_second(), now.subsec_microsecond());
        if second != self.second || self.text.is_empty() {
            self.second = second;
            let whole = Timestamp::from_second(second).unwrap_or_default().to_string();
            self.text.clear();
            self.text.extend_from_slice(whole.as_bytes().get(..TO_THE_SECOND).unwrap_or_default());
        }
        bytes.extend_from_slice(&self.text);
        let mut digits = *b".000000Z";
        let mut rest = micros.unsigned_abs();
        for digit in digits[1..7].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        bytes.extend_from_slice(&digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_time_to_the_microsecond() {
        let mut stamp = Stamp::default();
        for text in ["2026-11-22T05:56:34.000007Z", "2026-11-22T05:56:34.123456Z", "2026-11-22T05:56:35.999999Z"] {
            let mut bytes = Vec::new();
            stamp.write(text.parse().expect("a time"), &mut bytes);
            assert_eq!(String::from_utf8(bytes).expect("text"), text);
        }
    }
}
