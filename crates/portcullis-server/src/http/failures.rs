//! How many failed authentications came from each address, in a table of bounded size.
//!
//! The count never keeps out a credential that is good: it is looked at only after one was found bad. An IPv6 network gives each of its
//! customers 2^64 addresses, so those are counted as one. When the table is full, addresses of the last minute stay and others are not counted.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// A minute, in milliseconds.
const WINDOW: i64 = 60_000;

/// Failed authentications by address.
#[derive(Debug)]
pub(crate) struct Failures {
    table: Mutex<HashMap<IpAddr, (i64, u32)>>,
    most: u32,
    addresses: usize,
}

impl Failures {
    pub(crate) fn new(most: u32, addresses: usize) -> Failures {
        Failures { table: Mutex::default(), most, addresses }
    }

    /// Counts one more at a time; whether there were too many in the last minute.
    pub(crate) fn count(&self, address: IpAddr, now: i64) -> bool {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let address = network_of(address);
        if !table.contains_key(&address) && table.len() >= self.addresses {
            table.retain(|_, (begun, _)| now - *begun < WINDOW);
            if table.len() >= self.addresses {
                return false;
            }
        }
        let (begun, count) = table.entry(address).or_insert((now, 0));
        if now - *begun >= WINDOW {
            (*begun, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count > self.most
    }
}

/// The /64 of an IPv6 address; an IPv4 address as it is, also where it is written as IPv6.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_told_to_wait_after_too_many_and_not_for_ever() {
        let failures = Failures::new(2, 10);
        let one = address("192.0.2.1");
        assert_eq!([0, 1, 2].map(|at| failures.count(one, at)), [false, false, true]);
        assert!(!failures.count(address("192.0.2.2"), 3));
        assert!(failures.count(address("::ffff:192.0.2.1"), 4));
        assert!(!failures.count(one, WINDOW));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let failures = Failures::new(1, 10);
        assert!(!failures.count(address("2001:db8::1"), 0));
        assert!(failures.count(address("2001:db8::ffff"), 0));
        assert!(!failures.count(address("2001:db8:0:1::1"), 0));
    }

    #[test]
    fn the_table_is_bounded_and_forgets() {
        let failures = Failures::new(0, 2);
        assert!(failures.count(address("192.0.2.1"), 0));
        assert!(failures.count(address("192.0.2.2"), 0));
        assert!(!failures.count(address("192.0.2.3"), 0));
        assert!(failures.count(address("192.0.2.3"), WINDOW));
        assert!(failures.table.lock().unwrap().len() <= 2);
    }
}
