//! A body as text that is sure to be readable, whoever sent it.

use serde::de::Error as _;

use super::EventError;

/// How deep a body may nest. serde_json refuses more where it builds values; where it passes them over it does not, and
/// what reads the stored body later would.
const MAX_DEPTH: usize = 128;

/// The body as text: UTF-8, and not nested without end.
pub(in crate::providers) fn json_text(body: &[u8]) -> Result<&str, EventError> {
    let refuse = |why| EventError::NotJson(serde_json::Error::custom(why));
    let text = std::str::from_utf8(body).map_err(|_| refuse("it is not UTF-8"))?;
    if nests_too_deep(body) {
        return Err(refuse("it nests deeper than 128 levels"));
    }
    Ok(text)
}

fn nests_too_deep(body: &[u8]) -> bool {
    // Few events hold as many brackets as would be needed, and counting them is much faster than following them.
    let opened = body.iter().filter(|&&byte| byte == b'{' || byte == b'[').count();
    if opened <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in body {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
