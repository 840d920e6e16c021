// Package desk is the newsroom's work over an encrypted vault: threads and call notes,
// sources by handle, claims and their derived corroboration, stories with attribution by
// level, approval by two, and the release that may leave the house.
//
// What enters: batches and bulletins from the host, and what a journalist types. What
// leaves: parcels of sealed slots, signed notes, and releases that hold no handle, by
// type. What may never be known or done here: the eight words of a source; the desk is
// never the host, and never prints.
//
// Everything that changes is an operation of the vault's log. A file a noun: it holds the
// content of the noun's operations, its commands, which append them, and its queries,
// which read the projections. Only the files project*.go write projections.
package desk
