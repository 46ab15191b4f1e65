//! The linear assignment problem, by shortest augmenting paths (Jonker & Volgenant 1987, Computing 38; in the form of Crouse 2016,
//! IEEE Trans. Aerosp. Electron. Syst. 52(4)).

/// No row, or no column.
const NONE: usize = usize::MAX;

/// Pairs the rows and columns of a `size × size` matrix of finite costs, row-major, so that their sum is least; O(size³).
///
/// The column of each row, and the dual variables (u, v) that prove it, to rounding: uᵢ + vⱼ ≤ cᵢⱼ for all pairs, with equality
/// for those chosen.
pub(super) fn assign(cost: &[f64], size: usize) -> (Vec<usize>, [Vec<f64>; 2]) {
    let (mut u, mut v) = (vec![0.0; size], vec![0.0; size]);
    let (mut column_of, mut row_of) = (vec![NONE; size], vec![NONE; size]);
    let mut search = Search { cost, size, shortest: vec![0.0; size], from: vec![NONE; size], columns: Vec::new() };
    for row in 0..size {
        let (sink, closed) = search.path(row, &u, &v, &row_of);
        let length = search.shortest[sink];
        // u and v move so that the reduced costs along the path become 0, and none becomes negative.
        u[row] += length;
        for &column in &search.columns[closed..] {
            let slack = length - search.shortest[column];
            v[column] -= slack;
            u[row_of[column]] += slack;
        }
        // Along the path, back from its end, each row takes the column that was reached from it and frees its own.
        let mut column = sink;
        while column != NONE {
            let from = search.from[column];
            row_of[column] = from;
            std::mem::swap(&mut column_of[from], &mut column);
        }
    }
    (column_of, [u, v])
}

/// Dijkstra's search from a row, over reduced costs, through pairs already made.
struct Search<'a> {
    cost: &'a [f64],
    size: usize,
    /// The length of the shortest path yet known to each column.
    shortest: Vec<f64>,
    /// The row from which that path comes.
    from: Vec<usize>,
    /// All columns: those open, then those closed.
    columns: Vec<usize>,
}

impl Search<'_> {
    /// The free column nearest to `row`, and how many columns are left open or free: `columns` from there on are closed.
    fn path(&mut self, row: usize, u: &[f64], v: &[f64], row_of: &[usize]) -> (usize, usize) {
        self.columns.clear();
        self.columns.extend(0..self.size);
        self.shortest.fill(f64::INFINITY);
        let (mut open, mut at, mut length) = (self.size, row, 0.0);
        loop {
            let costs = &self.cost[at * self.size..(at + 1) * self.size];
            let base = length - u[at];
            let (mut nearest, mut least) = (0, f64::INFINITY);
            for (place, &column) in self.columns[..open].iter().enumerate() {
                let through = base + costs[column] - v[column];
                if through < self.shortest[column] {
                    self.shortest[column] = through;
                    self.from[column] = at;
                }
                // Of equals a free column, which ends the search.
                let known = self.shortest[column];
                if known < least || (known == least && row_of[column] == NONE) {
                    (nearest, least) = (place, known);
                }
            }
            let column = self.columns[nearest];
            length = least;
            if row_of[column] == NONE {
                return (column, open);
            }
            at = row_of[column];
            open -= 1;
            self.columns.swap(nearest, open);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn total(cost: &[f64], columns: &[usize]) -> f64 {
        columns.iter().enumerate().map(|(i, &j)| cost[i * columns.len() + j]).sum()
    }

    /// The least sum over all permutations of the columns from `row` on.
    fn brute(cost: &[f64], columns: &mut Vec<usize>, row: usize) -> f64 {
        let size = columns.len();
        if row == size {
            return total(cost, columns);
        }
        let mut least = f64::INFINITY;
        for i in row..size {
            columns.swap(row, i);
            least = least.min(brute(cost, columns, row + 1));
            columns.swap(row, i);
        }
        least
    }

    fn is_permutation(columns: &[usize]) -> bool {
        let mut seen = columns.to_vec();
        seen.sort_unstable();
        seen.iter().enumerate().all(|(i, &j)| i == j)
    }

    fn costs(sizes: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = (usize, Vec<f64>)> {
        // Whole numbers among them, for ties.
        let entry = prop_oneof![-10.0..10.0, (-2..3).prop_map(f64::from)];
        sizes.prop_flat_map(move |n| (Just(n), proptest::collection::vec(entry.clone(), n * n)))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn none_of_all_permutations_is_cheaper((size, cost) in costs(1..=7)) {
            let (columns, _) = assign(&cost, size);
            prop_assert!(is_permutation(&columns));
            let least = brute(&cost, &mut (0..size).collect(), 0);
            prop_assert!((total(&cost, &columns) - least).abs() < 1e-10);
        }

        #[test]
        fn the_dual_proves_it((size, cost) in costs(8..=60)) {
            let (columns, [u, v]) = assign(&cost, size);
            prop_assert!(is_permutation(&columns));
            for i in 0..size {
                for j in 0..size {
                    prop_assert!(u[i] + v[j] <= cost[i * size + j] + 1e-10);
                }
            }
            let dual = u.iter().chain(&v).sum::<f64>();
            prop_assert!((total(&cost, &columns) - dual).abs() < 1e-9);
        }

        #[test]
        fn constants_on_rows_and_columns_change_nothing((size, cost) in costs(2..=20), seed in 0_u32..1000) {
            let shift = |i: usize| f64::from(seed % 7 + 1) * (i as f64 + f64::from(seed)).sin();
            let moved: Vec<f64> = (0..size * size).map(|k| cost[k] + shift(k / size) - shift(k % size + 99)).collect();
            let (one, two) = (assign(&cost, size).0, assign(&moved, size).0);
            prop_assert!((total(&cost, &one) - total(&cost, &two)).abs() < 1e-9);
        }
    }

    #[test]
    fn greed_does_not_pay() {
        // Row 0's cheapest column is row 1's only bearable one.
        let cost = [1.0, 2.0, 1.0, 100.0];
        assert_eq!(assign(&cost, 2).0, [1, 0]);
        assert!(assign(&[], 0).0.is_empty());
    }
}
