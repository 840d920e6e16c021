// Package risk holds the test that draws the figures of doc/risk.md and fills its tables, from the functions of
// internal/risk alone.
//
// What enters: invented numbers, which stand in the page. What leaves: figures and tables. What may never be
// known here: a newsroom's own estimates.
package risk
