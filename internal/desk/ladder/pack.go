package ladder

import (
	"math/bits"
	"slices"
)

// pack chooses the largest number of sets that are pairwise disjoint, and gives their
// indices. exact is false if the answer is only a lower bound.
//
// A set that includes all of another is left out first: in any choice the smaller one
// can take its place. So a further item of a chain already there never raises the count,
// not even where the count is only a lower bound. What is left falls apart into sets
// that touch each other, each of which is solved by itself.
func pack(sets [][]string) (chosen []int, exact bool) {
	kernel := minimal(sets)
	touch := conflicts(sets, kernel)
	exact = true
	for _, part := range components(touch) {
		var best []int
		if len(part) <= ExactItems {
			best = largest(touch, part)
		} else {
			best, exact = greedy(touch, part), false
		}
		for _, n := range best {
			chosen = append(chosen, kernel[n])
		}
	}
	slices.Sort(chosen)
	return chosen, exact
}

// minimal gives the indices of the sets that include no other set, of equal ones the
// first, ordered by their tokens: then nothing later depends on the order of the input.
func minimal(sets [][]string) []int {
	var out []int
	for i, s := range sets {
		dominated := false
		for j, t := range sets {
			if i != j && includes(s, t) && (len(t) < len(s) || j < i) {
				dominated = true
				break
			}
		}
		if !dominated {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b int) int { return slices.Compare(sets[a], sets[b]) })
	return out
}

// includes says whether the sorted s holds each element of the sorted t.
func includes(s, t []string) bool {
	n := 0
	for _, x := range s {
		if n < len(t) && t[n] == x {
			n++
		}
	}
	return n == len(t)
}

// conflicts gives for each set of the kernel the other ones it shares a token with.
func conflicts(sets [][]string, kernel []int) [][]int {
	holders := map[string][]int{}
	for n, i := range kernel {
		for _, tok := range sets[i] {
			holders[tok] = append(holders[tok], n)
		}
	}
	touch := make([][]int, len(kernel))
	for n, i := range kernel {
		for _, tok := range sets[i] {
			for _, m := range holders[tok] {
				if m != n && !slices.Contains(touch[n], m) {
					touch[n] = append(touch[n], m)
				}
			}
		}
		slices.Sort(touch[n])
	}
	return touch
}

func components(touch [][]int) [][]int {
	seen := make([]bool, len(touch))
	var out [][]int
	for n := range touch {
		if seen[n] {
			continue
		}
		seen[n] = true
		part := []int{n}
		for k := 0; k < len(part); k++ {
			for _, m := range touch[part[k]] {
				if !seen[m] {
					seen[m] = true
					part = append(part, m)
				}
			}
		}
		slices.Sort(part)
		out = append(out, part)
	}
	return out
}

// largest solves one component of at most ExactItems sets exactly.
func largest(touch [][]int, part []int) []int {
	near := make([]uint32, len(part))
	for a, n := range part {
		for _, m := range touch[n] {
			if b, ok := slices.BinarySearch(part, m); ok {
				near[a] |= 1 << b
			}
		}
	}
	best := choose(near, uint32(1)<<len(part)-1)
	var out []int
	for a, n := range part {
		if best&(1<<a) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// choose gives a largest subset of free in which no two are near each other: one with at
// most one neighbour can always be taken; otherwise both ways are tried.
func choose(near []uint32, free uint32) uint32 {
	if free == 0 {
		return 0
	}
	branch, most := 0, -1
	for rest := free; rest != 0; rest &= rest - 1 {
		a := bits.TrailingZeros32(rest)
		d := bits.OnesCount32(near[a] & free)
		if d <= 1 {
			return 1<<a | choose(near, free&^(1<<a|near[a]))
		}
		if d > most {
			branch, most = a, d
		}
	}
	with := 1<<branch | choose(near, free&^(1<<branch|near[branch]))
	without := choose(near, free&^(1<<branch))
	if bits.OnesCount32(without) > bits.OnesCount32(with) {
		return without
	}
	return with
}

// greedy gives a lower bound: it takes, again and again, the set that touches the fewest
// that are still free.
func greedy(touch [][]int, part []int) []int {
	free := map[int]bool{}
	for _, n := range part {
		free[n] = true
	}
	var out []int
	for len(free) > 0 {
		pick, least := -1, 0
		for _, n := range part {
			if !free[n] {
				continue
			}
			d := 0
			for _, m := range touch[n] {
				if free[m] {
					d++
				}
			}
			if pick < 0 || d < least {
				pick, least = n, d
			}
		}
		out = append(out, pick)
		delete(free, pick)
		for _, m := range touch[pick] {
			delete(free, m)
		}
	}
	return out
}
