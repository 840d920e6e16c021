// Package demo turns the whole ring on the motivating case, on loopback: letters are sent
// as sources would send them, among cover; the host stores, the sift mixes, the desk reads,
// replies, corroborates, drafts, approves and releases; the press prints in three languages.
//
// What enters: an empty folder, and the case that is embedded here. What leaves: a dozen
// lines on what happened and where to look, and the servers if they are to stay. It checks
// what it claims: each rung of the case is derived, and what must never be printed or
// stored is searched for. It may never reach an address that is not loopback, and only cmd
// may import it.
package demo
