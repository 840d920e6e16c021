// Package house holds the tests of the house itself: who may import whom, which
// dependencies are allowed and why, that each room explains itself, that the
// specification's parameters are the constants of the code, how long files and
// functions may be, and that each sentence of the threat model leads to a test.
//
// What enters: the source tree as text. What leaves: nothing. It may never be
// imported, and never asks the go command for what it can read itself: a test that
// asks the go command is answered from the cache and stays green.
package house
