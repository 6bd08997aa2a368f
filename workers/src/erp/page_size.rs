//! How many entries a page asks for: as many as its bytes may be, and no more than 1C can build.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Entries of the next page, so that its bytes come near to the aim.
#[derive(Debug, Clone)]
pub struct PageSize {
    top: usize,
    aim: usize,
}

impl PageSize {
    const PROBE: usize = 20;
    const MOST: usize = 50_000;
    /// Entries that are no large page, whatever they hold.
    const FEW: usize = 5_000;

    pub fn aiming_at(bytes: usize) -> Self {
        Self { top: Self::PROBE, aim: bytes }
    }

    /// So many entries were there last time: if they are few, all of them and one more are asked for at once, so that the page
    /// shows its own end.
    pub fn expect(&mut self, entries: usize) {
        if entries < Self::FEW {
            self.top = self.top.max(entries + 1);
        }
    }

    pub fn top(&self) -> usize {
        self.top
    }

    pub fn learn(&mut self, documents: usize, bytes: usize) {
        if documents == 0 {
            return;
        }
        let fits = self.aim / (bytes / documents).max(1);
        self.top = fits.clamp(1, self.top.saturating_mul(32)).min(Self::MOST);
    }

    pub fn halve(&mut self) {
        self.top = (self.top / 2).max(1);
    }

    pub fn keep_below(&mut self, ceiling: usize) {
        self.top = self.top.min(ceiling);
    }
}

/// The largest page that 1C has built after it could not build a larger one.
#[derive(Debug, Clone, Copy)]
struct Ceiling {
    most: usize,
    /// Pages of this size since it last changed.
    good: u32,
    /// After so many of them a tenth more is tried; doubled each time that it was too much.
    patience: u32,
}

/// For each question, by its fields. They live as long as the process: a later pass does not ask too much again.
#[derive(Debug, Default)]
pub struct Ceilings(Mutex<HashMap<String, Ceiling>>);

impl Ceilings {
    const PATIENCE: u32 = 8;
    const LONGEST_PATIENCE: u32 = 64;

    /// None: nothing was ever too much.
    pub fn of(&self, question: &str) -> Option<usize> {
        self.locked().get(question).map(|ceiling| ceiling.most)
    }

    /// 1C has built a page for `top` entries, `failed` of which it could not build just before.
    pub fn built(&self, question: &str, top: usize, failed: Option<usize>) {
        let mut ceilings = self.locked();
        if failed.is_some_and(|failed| top < failed) {
            let patience = ceilings.get(question).map_or(Self::PATIENCE, |known| known.patience * 2);
            let patience = patience.min(Self::LONGEST_PATIENCE);
            ceilings.insert(question.to_owned(), Ceiling { most: top, good: 0, patience });
        } else if let Some(ceiling) = ceilings.get_mut(question).filter(|ceiling| top >= ceiling.most) {
            ceiling.good += 1;
            if ceiling.good >= ceiling.patience {
                ceiling.most += (ceiling.most / 10).max(1);
                ceiling.good = 0;
            }
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Ceiling>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_near_their_aim_and_shrink_when_1c_fails() {
        let mut size = PageSize::aiming_at(8_000_000);
        size.learn(20, 60_000);
        assert_eq!(size.top(), 640);
        size.learn(640, 1_920_000);
        assert_eq!(size.top(), 2_666);
        size.halve();
        assert_eq!(size.top(), 1_333);
        size.learn(1, 90_000_000);
        assert_eq!(size.top(), 1, "one document is the smallest page");
    }

    /// Walks `pages` pages as passes do, of 100 pages each; returns how often a base that builds `able` entries at most
    /// was asked for more, and the last size.
    fn walk(able: usize, pages: usize) -> (usize, usize) {
        let ceilings = Ceilings::default();
        let (mut asked_too_much, mut size) = (0, PageSize::aiming_at(8_000_000));
        for page in 0..pages {
            if page % 100 == 0 {
                size = PageSize::aiming_at(8_000_000);
            }
            size.keep_below(ceilings.of("x").unwrap_or(usize::MAX));
            let mut failed = None;
            while size.top() > able {
                asked_too_much += 1;
                failed = Some(size.top());
                size.halve();
            }
            ceilings.built("x", size.top(), failed);
            size.learn(size.top(), size.top() * 400);
        }
        (asked_too_much, ceilings.of("x").unwrap_or(usize::MAX))
    }

    #[test]
    fn a_base_that_cannot_build_large_pages_is_asked_too_much_a_few_times_only_however_many_passes_there_are() {
        let (asked_too_much, top) = walk(300, 3_000);
        assert!(asked_too_much <= 12, "{asked_too_much}");
        assert!((150..=330).contains(&top), "{top}");
        assert_eq!(walk(1_000_000, 3_000), (0, usize::MAX), "a base that can is not held back");
    }

    #[test]
    fn a_base_that_can_build_more_again_is_asked_for_more_little_by_little() {
        let ceilings = Ceilings::default();
        ceilings.built("x", 100, Some(200));
        let mut met = vec![100];
        while met.len() < 400 && met.last().is_some_and(|top| *top < 1_000) {
            let top = ceilings.of("x").unwrap();
            ceilings.built("x", top, None);
            met.push(top);
        }
        assert!(met.windows(2).all(|two| two[1] <= two[0] + two[0] / 10), "never by more than a tenth");
        assert!(met.len() < 400, "{}", met.len());
    }
}
