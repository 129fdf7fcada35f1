//! What is a web or mail address, and so one token.

/// Whether a word is `[scheme://][user@]host[:port][/…]`, whose host is a domain with a top level of small letters, or
/// a public IPv4 address. `end.then` is one: a space is missing, but nothing tells.
pub(super) fn is_address(word: &str) -> bool {
    if !word.contains('.') {
        return false;
    }
    let bare = match word.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => word,
    };
    // the user may hold anything, so a host may begin behind any @
    let behind_user = word.match_indices('@').filter(|&(at, _)| at > 0).map(|(at, _)| &word[at + 1..]);
    [word, bare].into_iter().chain(behind_user).any(is_host_and_path)
}

fn is_scheme(scheme: &str) -> bool {
    scheme.chars().count() > 1
        && scheme.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '.'))
}

fn is_host_and_path(address: &str) -> bool {
    let end = address.find(['/', '?', '#', ':']).unwrap_or(address.len());
    let (host, rest) = address.split_at(end);
    let path = match rest.strip_prefix(':') {
        None => rest,
        Some(port) => {
            let digits = port.len() - port.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if !(2..=5).contains(&digits) {
                return false;
            }
            &port[digits..]
        }
    };
    (path.is_empty() || path.starts_with(['/', '?', '#'])) && (is_domain(host) || is_public_ipv4(host))
}

fn is_domain(host: &str) -> bool {
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    let part = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c);
    let label = |label: &str| {
        label.chars().all(|c| part(c) || matches!(c, '_' | '-'))
            && label.starts_with(part)
            && label.ends_with(part)
            && label.chars().count() <= 64
    };
    let letters = top.chars().count();
    (2..=63).contains(&letters)
        && top.chars().all(|c| c.is_alphabetic() && !c.is_uppercase())
        && labels.split('.').all(label)
}

fn is_public_ipv4(host: &str) -> bool {
    let mut octets = [0; 4];
    let mut parts = host.split('.');
    for octet in &mut octets {
        match parts.next().map(str::parse::<u8>) {
            Some(Ok(number)) => *octet = number,
            _ => return false,
        }
    }
    let private = matches!(octets, [10 | 127, ..] | [169, 254, ..] | [192, 168, ..] | [172, 16..=31, ..]);
    parts.next().is_none() && (1..=223).contains(&octets[0]) && (1..=254).contains(&octets[3]) && !private
}
