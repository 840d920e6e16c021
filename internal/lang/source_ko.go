package lang

// sourceKO holds the words of the source's command line in Korean. Keys begin with
// "source."; source_en.go and source_zh.go hold the same keys.
var sourceKO = map[string]string{
	"source.bulletin": "답장은 회보에 실려 돌아옵니다",
}
