package desk

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

const handleLabel = "kkachi/1 handle"

// handle makes the name by which the desk knows a source: two words drawn from the thread
// id (or, for somebody known from calls only, from the source's ID), and a third where
// another source has the two already. taken says whether a handle is in use. It is never
// the echo word, which belongs to the eight words of the source.
func handle(seed []byte, taken func(string) (bool, error)) (string, error) {
	h := sha256.Sum256(append([]byte(handleLabel), seed...))
	name := pick(adjectives, h[0:4]) + " " + pick(nouns, h[4:8])
	for n := 8; ; n = (n + 4) % len(h) {
		used, err := taken(name)
		if err != nil || !used {
			return name, err
		}
		name += " " + pick(nouns, h[n:n+4])
	}
}

func pick(words string, b []byte) string {
	list := strings.Fields(words)
	return list[binary.BigEndian.Uint32(b)%uint32(len(list))]
}

// None of these says anything about a person.
const (
	adjectives = `amber ashen autumn bare blue bold bright broad calm clear cold copper coral
		crisp curved damp dark deep distant dry dusky early even faint fallen far fine first
		flat floating frosted gentle golden grand green grey hidden high hollow ivory keen
		large last late light little lone long loose low lunar mellow mild misty narrow near
		new noble north old open outer pale patient plain proud quick quiet rapid rare red
		round sandy scarlet sheer short silent silver slate slow small smooth snowy soft south
		spring stark steady still stone sudden summer swift tall tidal upper velvet violet
		warm west white wide wild winter yellow young`
	nouns = `acorn anchor anvil apple arch arrow barley basin basket beacon bell birch bridge
		brook bucket candle canoe cedar chalk cherry clay cliff cloud clover cobalt comet
		compass cove crane cricket crow cypress dawn delta dove drum dune eagle egret ember
		falcon feather fern ferry field finch flint fog forest fountain fox garden gate glacier
		goose granite grove gull hammer harbour hare harvest hawk hazel heath hedge heron hill
		island jade jetty juniper kettle kite lamp lantern lark leaf ledge lemon lichen lily
		linen lotus maple marsh meadow mill mirror moon moss moth mountain nettle oak oar
		orchard osprey otter owl paddle paper peach pebble pelican pepper pigeon pine plum
		pond poplar quail quarry raven reed ridge river robin roof rope saddle sail salt
		sparrow spruce star starling stone stork stream swallow swan tern thistle thrush tide
		tower tulip valley wagon walnut wave well wharf willow window wren`
)
