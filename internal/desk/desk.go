package desk

// A Desk is the newsroom's work over one vault. It may be used by several goroutines.
type Desk struct{}
