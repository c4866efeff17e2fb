//! Union-find over ranks.

/// The root of a part is its smallest rank, whatever the order of joins.
pub(super) struct Partition(Vec<usize>);

impl Partition {
    pub(super) fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    pub(super) fn root(&mut self, rank: usize) -> usize {
        let mut root = rank;
        while self.0[root] != root {
            self.0[root] = self.0[self.0[root]];
            root = self.0[root];
        }
        root
    }

    pub(super) fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left.max(right)] = left.min(right);
    }
}
