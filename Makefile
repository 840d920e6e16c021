# Two commands do everything: make demo, make test. The rest are parts of them.
export CGO_ENABLED = 0
GO      ?= go
PKGS     = ./...
DIR     ?=
ROUNDS  ?= 6
FOR     ?= 5m

.PHONY: build demo test install page words vectors lint unit race fuzz bench load growth speed figures lab cost model faults kills soak steps pictures clean

build: ## one static binary, bin/kkachi
	$(GO) build -trimpath -ldflags '-s -w' -o bin/kkachi ./cmd/kkachi

demo: build ## turn the whole ring on the motivating case, on loopback; ONCE=1 ends there
	bin/kkachi demo $(if $(ONCE),--once) $(if $(DIR),--dir $(DIR))

test: install lint vectors unit race fuzz ## install what tests need, and run everything

install: ## Chromium, Firefox and fonts from Debian, npm packages from the lock file
	.ci/install

lint:
	$(GO) vet $(PKGS)
	$(GO) tool staticcheck $(PKGS)
	@out=$$($(GO) tool gofumpt -l cmd internal page spec); if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi

page: ## bundle the reader's script anew, with the npm packages of the lock file
	$(GO) test -count=1 -run TestBundleIsItsSource ./page -update

words: ## the lists of common words of risk's lint anew, from packages of Debian and a Go module
	.ci/words bin/words
	KKACHI_WORDS=$(CURDIR)/bin/words $(GO) test -count=1 -run TestMakeLists -v ./internal/risk/words

vectors: ## the page runs the same vectors
	cd page && node --test test/*.test.mjs

unit: # lint has vetted: of it go test does a part once more, in each way of building
	$(GO) test -vet=off -count=1 -timeout 20m $(PKGS)

# What the race detector passes by: others' arithmetic on bytes that its caller owns, SQLite as a program translated it into Go, its
# encryption, and the standard library's and its supplement's ciphers. It made them several times slower, and the tests with them. It sees
# all that is ours, and the driver, the files and the locks around SQLite.
PLAIN = github.com/ncruces/go-sqlite3-wasm/... lukechampine.com/adiantum/... crypto/internal/fips140/... golang.org/x/crypto/...

race: ## needs cgo and a C compiler
	CGO_ENABLED=1 $(GO) test -vet=off $(PLAIN:%=-gcflags=%=-race=false) -short -race -count=1 -timeout 20m $(PKGS)

fuzz: ## each parser for a moment; the seeds are in testdata
	.ci/fuzz 2s

bench:
	$(GO) test -run '^$$' -bench . -benchtime 1s $(PKGS)

load: ## readers with cover at 10, 100 and 1,000 views a second: offered, accepted, lost
	$(GO) test -run '^$$' -bench Readers -benchtime 1x ./internal/drop

growth: ## seconds for 10^3 to 10^6 cells and operations into doc/growth.md: half an hour, 20 GB of disk
	KKACHI_GROWTH=$(CURDIR)/doc $(GO) test -count=1 -timeout 3h -run TestGrowth -v ./internal/lab/growth

SPEED = $(abspath $(or $(ARCHIVE),bin/archive))
speed: ## the desk among a million reports, as a table, for doc/speed.md; ARCHIVE=DIR keeps them for the next time (5 GB), REPORTS=n
	mkdir -p $(SPEED)
	printf '| action | half within, ms | 95 %% within, ms | processor, 95 %% within, ms | limit, ms | 95 %%, of limit |\n|---|--:|--:|--:|--:|--:|\n' > $(SPEED)/speed.md
	KKACHI_SPEED=$(SPEED)/speed.md KKACHI_ARCHIVE=$(SPEED) KKACHI_REPORTS=$(or $(REPORTS),1000000) $(GO) test -count=1 -timeout 3h -run '^$$' -bench 'Search$$' -benchtime 3x ./internal/desk
	KKACHI_SPEED=$(SPEED)/speed.md KKACHI_ARCHIVE=$(SPEED) $(GO) test -count=1 -timeout 1h -run '^$$' -bench 'Start|Inbox|Pages' -benchtime 20x ./internal/desk/web
	@cat $(SPEED)/speed.md

figures: ## the simulated crowd and what risk finds into doc/figures and the tables of doc/crowd.md and doc/risk.md
	KKACHI_FIGURES=$(CURDIR)/doc $(GO) test -count=1 -timeout 1h -run "TestFigures|TestRiskFigures" -v ./internal/lab/crowd ./internal/lab/risk

lab: ## visits of readers and sources in Chromium and Firefox, into doc/lab.md; LAB=DIR keeps them and goes on there, PAIRS=n
	KKACHI_LAB=$(abspath $(or $(LAB),bin/lab)) KKACHI_LAB_PAIRS=$(PAIRS) KKACHI_LAB_DOC=$(CURDIR)/doc $(GO) test -count=1 -timeout 0 -v -run 'TestP2NobodyIsToldApart$$' ./cmd/kkachi

cost: ## what the reader's script costs a reader, beside the same site without it, into doc/cost.md; some minutes
	KKACHI_COST=$(CURDIR)/doc $(GO) test -count=1 -timeout 30m -v -run 'TestCost$$' ./cmd/kkachi

model: ## explore the protocol's states further than the tests do; some minutes
	KKACHI_MODEL=1 $(GO) test -count=1 -timeout 120m -v -run TestP4P8P13Model ./internal/sift

faults: ## every line of every failure table; make test plays up to 240 of each, evenly chosen: half an hour
	KKACHI_FAULT_EVERY_LINE=1 $(GO) test -count=1 -timeout 3h -run 'FailureTable|EachCallBroken|EachStepOf|CutConnections' ./internal/store/disk ./internal/drop ./internal/sift ./internal/vault ./internal/desk ./internal/press ./internal/custody

kills: ## six times as many kills of the real processes as in make test; ROUNDS=n: n times
	KKACHI_KILLS=$(ROUNDS) $(GO) test -count=1 -timeout 0 -v -run 'TestP8P13Kills|TestP8SourceIsKilled|TestP8KilledWhile|TestP13SiteIsNotSignedTwice' ./cmd/kkachi

soak: ## the ring under load with kills, for five minutes; FOR=1h: for an hour
	KKACHI_SOAK=$(FOR) $(GO) test -count=1 -timeout 0 -v -run TestP8P13Soak ./cmd/kkachi

steps: ## every step of the composer as it looks, three languages, two widths, light and dark, into bin/pictures
	mkdir -p bin/pictures
	KKACHI_PICTURES=$(CURDIR)/bin/pictures $(GO) test -count=1 -timeout 30m -run TestComposerPictures ./cmd/kkachi

pictures: ## the screenshots of the README and of doc/pages.md, made by the tests that look at the pages
	mkdir -p bin/pictures
	KKACHI_PICTURES=$(CURDIR)/bin/pictures $(GO) test -count=1 -run 'TestPages$$/Chromium' ./cmd/kkachi
	cp bin/pictures/story-ko.png doc/pictures/story.png
	cp bin/pictures/desk-thread.png doc/pictures/desk.png
	KKACHI_PICTURES=$(CURDIR)/bin/pictures $(GO) test -count=1 -run TestKeptPictures ./internal/desk/web
	mkdir -p doc/pictures/desk
	cp bin/pictures/desk/*.png doc/pictures/desk/

clean:
	rm -rf bin
