package risk

import "sync"

// A Memory keeps budgets that were computed: they come from the estimates, so that no word of a draft
// changes them, and cost more than all the rest of a verdict. The zero Memory is ready, and may be used by
// several at once. It changes no answer.
type Memory struct {
	mu  sync.Mutex // guards top
	top map[topQuestion]topAnswer
}

type topQuestion struct {
	candidates, searchable int
	mean, accepted         float64
}

type topAnswer struct {
	budget TopBudget
	err    error
}

// remembered is how many answers are kept: estimates are edited now and then.
const remembered = 64

// topC is TopCBudget, computed once. Without a memory it is computed each time.
func (m *Memory) topC(q topQuestion) (TopBudget, error) {
	if m == nil {
		return TopCBudget(q.candidates, q.mean, q.searchable, q.accepted)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := m.top[q]; ok {
		return a.budget, a.err
	}
	b, err := TopCBudget(q.candidates, q.mean, q.searchable, q.accepted)
	if m.top == nil || len(m.top) >= remembered {
		m.top = map[topQuestion]topAnswer{}
	}
	m.top[q] = topAnswer{b, err}
	return b, err
}

// Remember lets Judge and Weigh take the case's budgets from a memory.
func (c *Case) Remember(m *Memory) { c.memory = m }
