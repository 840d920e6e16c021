// Package growth holds tests only: how long the rooms take from a thousand to a million
// things, and whether that grows as the number of things does. `make growth` measures and writes
// doc/growth.md and its figure; among the other tests it runs over a few things.
//
// What enters: a number of things. What leaves: seconds. What may never be known here: a
// real letter, reader or key; all of them are drawn for the measurement. Nothing imports it.
package growth
