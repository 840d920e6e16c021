// Package crowd holds tests only: it simulates the readers among whom a source hides, somebody who
// intersects the days on which letters were written with the days on which people came, and the way of
// a letter through the batches. The rules of B and of the crowd figure are sift's own functions. What
// it counts is held against closed forms; `make figures` draws doc/figures and fills doc/crowd.md.
//
// What enters: rates, sizes, a seed. What leaves: how many people remain, how long a letter
// takes. What may never be known here: anything of a real reader; all of them are drawn.
// Nothing imports it.
package crowd
