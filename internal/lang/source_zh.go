package lang

// sourceZH holds the words of the source's command line in Chinese. Keys begin with
// "source."; source_en.go and source_ko.go hold the same keys.
var sourceZH = map[string]string{
	"source.ask.address":   "请输入编辑部的地址(`kkachi:ID@URL`)：",
	"source.ask.words":     "请输入您的八个词（不会显示）：",
	"source.ask.again":     "请再输入一遍这八个词（不会显示）：",
	"source.ask.text":      "请写信。单独一行只写一个句点（.）即表示结束。",
	"source.bad.count":     "必须正好是 {0} 个词，词与词之间空格。",
	"source.bad.word":      "第 {0} 个词不在词表中。",
	"source.new":           "只有这八个词能进入这次对话。请背下来，不要写下来。谁知道这些词，谁就能读到所有回信。只在此刻显示一次。",
	"source.echo":          "确认词：{0}。每次输入后都会显示。如果与您记得的不同，说明有词输错了。",
	"source.same":          "词语正确。",
	"source.differ":        "与刚才显示的词不同。没有丢失任何内容，请重新输入。",
	"source.bulletin":      "回信刊登在通报中。这是{0}的通报。",
	"source.none":          "没有回信。信发出的次日会被读到，再过两天可以在这里找到回信。",
	"source.reply":         "回信，{0}的通报：",
	"source.reply.part":    "（这封回信的其余部分尚未刊登。）",
	"source.receipt.one":   "编辑部已收到标记为 {1} 的信的 {0} 个部分。",
	"source.receipt.other": "编辑部已收到标记为 {1} 的信的 {0} 个部分。",
	"source.wait":          "和打开任何页面时一样，正在发出两个信元。请保持打开，最多 13 秒。",
	"source.mark":          "此信的标记：{0}。收到的通知会写明这个标记。",
	"source.pieces.one":    "此信分为 {0} 个部分，需 {1} 次浏览，约 {2} 分钟。发完之前请不要关闭。",
	"source.pieces.other":  "此信分为 {0} 个部分，需 {1} 次浏览，约 {2} 分钟。发完之前请不要关闭。",
	"source.left":          "共 {1} 个，已发出 {0} 个。",
	"source.done":          "整封信已发出。最早明天会被读到，再过两天可以找到回信。",
	"source.broken":        "{1} 个部分中已发出 {0} 个。请用同样的词把同样的内容再发一遍，已到达的不会重复计算。",
	"source.empty":         "信是空的。除掩护信元外没有发出任何内容。",
	"source.toolong":       "请分成几封信发送。一封信最多 256 KB，64 个部分。",
	"source.untrusted":     "这台电脑的时钟或网站有误。没有发出任何内容。",
	"source.notready":      "编辑部的网站尚未就绪，请明天再试。",
	"source.unreachable":   "无法连接网站。请检查地址和网络；使用 Tor 时，请确认它正在运行，并已填写代理地址。",
}
