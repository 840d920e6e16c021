package lang

// sourceZH holds the words of the source's command line in Chinese. Keys begin with
// "source."; source_en.go and source_ko.go hold the same keys.
var sourceZH = map[string]string{
	"source.bulletin": "回信刊登在通报中",
}
