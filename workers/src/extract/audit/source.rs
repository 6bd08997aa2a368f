//! What 1C says of a dataset's documents against what the ledger says was sent of them, month by month.

use std::collections::{HashMap, HashSet};

use sqlx::PgPool;

use super::{Span, Sum, Sums, sent, span_name};
use crate::extract::pass::Pass;

/// Figures of 1C, and the months that they are whole of.
#[derive(Debug, Default)]
pub struct Source {
    sums: Sums,
    months: HashSet<Span>,
    /// Documents that had other content under the version that was sent, and their months.
    silent: HashMap<Span, usize>,
}

impl Source {
    /// A month is looked at, though nothing may be found there.
    pub fn covers(&mut self, month: Span) {
        self.months.insert(month);
    }

    /// A document that has rows.
    pub fn add(&mut self, month: Span, lines: u32, amount: i64) {
        let sum = self.sums.entry(month).or_default();
        sum.documents += 1;
        sum.lines += i64::from(lines);
        sum.amount = sum.amount.wrapping_add(amount);
        self.months.insert(month);
    }

    /// A document of this month had other content under the version that was sent.
    pub fn add_silent(&mut self, month: Span) {
        *self.silent.entry(month).or_default() += 1;
    }

    /// What was found in its months when they were read again stands in place of what was found before.
    pub fn renew(&mut self, again: Self) {
        for month in again.months {
            self.sums.remove(&month);
            self.sums.extend(again.sums.get(&month).map(|sum| (month, *sum)));
        }
        for (month, silent) in again.silent {
            *self.silent.entry(month).or_default() += silent;
        }
    }

    /// The months whose figures in the ledger are others.
    pub async fn differing(&self, pool: &PgPool, pass: &Pass) -> sqlx::Result<Vec<Span>> {
        let sent = sent::sums(pool, &[pass.dataset.name()]).await?;
        let mut months: Vec<Span> = self.months.iter().copied().filter(|month| !self.is_as(&sent, *month)).collect();
        months.sort_unstable();
        Ok(months)
    }

    fn is_as(&self, sent: &Sums, month: Span) -> bool {
        let figures = |sums: &Sums| sums.get(&month).map_or((0, 0, 0), |sum| (sum.documents, sum.lines, sum.amount));
        figures(&self.sums) == figures(sent)
    }

    /// Writes both sides down, and tells what is not equal.
    pub async fn write(&self, pool: &PgPool, pass: &Pass) -> sqlx::Result<()> {
        let dataset = pass.dataset;
        let sent = sent::sums(pool, &[dataset.name()]).await?;
        let mut months: Vec<Span> = self.months.iter().copied().collect();
        months.sort_unstable();
        let side = |sums: &Sums, of: fn(&Sum) -> i64| -> Vec<i64> {
            months.iter().map(|month| sums.get(month).map_or(0, of)).collect()
        };
        let are_equal: Vec<bool> = months.iter().map(|month| self.is_as(&sent, *month)).collect();
        let were_equal: Vec<bool> = months
            .iter()
            .zip(&are_equal)
            .map(|(month, is_equal)| *is_equal && !self.silent.contains_key(month))
            .collect();
        sqlx::query!(
            "INSERT INTO source_reconciliation (dataset, span, source_documents, source_lines, source_amount, sent_documents,
                 sent_lines, sent_amount, is_equal, differed_at)
             SELECT $1, span, source_documents, source_lines, source_amount, sent_documents, sent_lines, sent_amount, is_equal,
                 CASE WHEN was_equal THEN NULL ELSE now() END
             FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[],
                 $10::boolean[]) AS found (span, source_documents, source_lines, source_amount, sent_documents, sent_lines,
                 sent_amount, is_equal, was_equal)
             ON CONFLICT (dataset, span) DO UPDATE SET source_documents = excluded.source_documents,
                 source_lines = excluded.source_lines, source_amount = excluded.source_amount,
                 sent_documents = excluded.sent_documents, sent_lines = excluded.sent_lines, sent_amount = excluded.sent_amount,
                 is_equal = excluded.is_equal, compared_at = now(),
                 differed_at = coalesce(excluded.differed_at, source_reconciliation.differed_at)",
            dataset.name(),
            &months,
            &side(&self.sums, |sum| sum.documents),
            &side(&self.sums, |sum| sum.lines),
            &side(&self.sums, |sum| sum.amount),
            &side(&sent, |sum| sum.documents),
            &side(&sent, |sum| sum.lines),
            &side(&sent, |sum| sum.amount),
            &are_equal,
            &were_equal,
        )
        .execute(pool)
        .await?;
        for (month, _) in months.iter().zip(&are_equal).filter(|(_, is_equal)| !**is_equal) {
            let figures = |sums: &Sums| {
                let Sum { documents, lines, amount, .. } = sums.get(month).copied().unwrap_or_default();
                format!("{documents} documents, {lines} lines, {}.{:04}", amount / 10_000, (amount % 10_000).abs())
            };
            metrics::counter!("reconcile_differences_total", "dataset" => dataset.name()).increment(1);
            tracing::error!(
                dataset.name = dataset.name(),
                reconcile.month = span_name(*month),
                "{dataset} of {} differ from 1C though they were read again: 1C has {}, and {} were sent. Look at what was set aside.",
                span_name(*month),
                figures(&self.sums),
                figures(&sent)
            );
        }
        tracing::info!(
            dataset.name = dataset.name(),
            reconcile.months = months.len(),
            "Compared {dataset} with 1C in {} months: {} of them differ; {} documents had other content under a version that was known, \
             and were sent again",
            months.len(),
            are_equal.iter().filter(|is_equal| !**is_equal).count(),
            self.silent.values().sum::<usize>()
        );
        Ok(())
    }
}
