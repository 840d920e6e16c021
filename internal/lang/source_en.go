package lang

// sourceEN holds the words of the source's command line in English. Keys begin with
// "source."; source_ko.go and source_zh.go hold the same keys.
var sourceEN = map[string]string{
	"source.bulletin": "answers come back in the bulletin",
}
