package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// The world of the model: few names, so that everything meets everything.
var (
	modelNames    = []string{"ann", "bob", "cid"}
	modelTopics   = []string{"a", "b", "a/b", "a/c", "x/y/z"}
	modelPatterns = []string{"a", "b", "a/b", "a/*", "**", "x/**", "*/b"}
	modelFroms    = []float64{0, 0, infinity, infinity, 1e15, 1}
)

// storage is where the world keeps its log.
type storage interface {
	// open gives the log of a broker that starts, with its end.
	open(t *rapid.T) (log server.Log, end func())
}

// world is a broker with its components, and the model of both.
type world struct {
	t       *rapid.T
	store   storage
	opts    server.Options
	srv     *server.Server
	endLog  func()
	clients map[string]*modelClient
	anon    *modelClient
	stands  map[string]*standing
	expects map[string]map[string]*expectation
	log     []*sent
	lives   int // of the broker
}

func newWorld(t *rapid.T, store storage) *world {
	w := &world{t: t, store: store, clients: map[string]*modelClient{}, stands: map[string]*standing{}, expects: map[string]map[string]*expectation{}}
	w.opts = server.Options{
		Name: "broker", Logger: slog.New(slog.DiscardHandler), OverwriteConnection: true,
		Outbox: rapid.SampledFrom([]int{1, 1000, 16 << 20}).Draw(t, "outbox"),
		Window: rapid.SampledFrom([]int{1, 3, 1024}).Draw(t, "window"),
	}
	for _, name := range modelNames {
		w.clients[name] = newModelClient(name)
		w.clients[name].lateAcks = rapid.Bool().Draw(t, "late ACKs")
		w.stands[name] = &standing{}
		w.expects[name] = map[string]*expectation{}
	}
	w.anon = newModelClient("")
	t.Logf("» outbox %d window %d", w.opts.Outbox, w.opts.Window)
	w.start()
	return w
}

func (w *world) start() {
	var err error
	w.opts.Log, w.endLog = w.store.open(w.t)
	if w.srv, err = server.New(w.opts); err != nil {
		w.t.Fatal(err)
	}
	w.lives++
	w.connectAnon()
}

func (w *world) connectAnon() {
	w.anon.conn = w.anon.open(w.srv.Serve)
}

// stop ends the broker in order.
func (w *world) stop() {
	for _, c := range w.all() {
		if c.conn != nil {
			c.disconnect()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.srv.Close(ctx); err != nil {
		w.t.Fatalf("close: %v", err)
	}
	w.endLog()
}

func (w *world) all() []*modelClient {
	list := []*modelClient{w.anon}
	for _, name := range modelNames {
		list = append(list, w.clients[name])
	}
	return list
}

// pick draws a named client for which ok holds.
func (w *world) pick(t *rapid.T, ok func(c *modelClient, st *standing) bool) *modelClient {
	var fit []string
	for _, name := range modelNames {
		if ok(w.clients[name], w.stands[name]) {
			fit = append(fit, name)
		}
	}
	if len(fit) == 0 {
		t.Skip()
	}
	return w.clients[rapid.SampledFrom(fit).Draw(t, "name")]
}

func awake(c *modelClient, st *standing) bool { return st.connected && !c.stalled }

// expect returns the model of a client's pattern.
func (w *world) expect(c *modelClient, pattern string) *expectation {
	x, ok := w.expects[c.name][pattern]
	if !ok {
		x = &expectation{pattern: pattern, due: map[int]due{}}
		if protocol.IsSpace(pattern) {
			var err error
			if x.space, err = protocol.ParseSpace(pattern, protocol.Limits{}); err != nil {
				w.t.Fatal(err)
			}
		}
		w.expects[c.name][pattern] = x
	}
	return x
}

func (w *world) ask(c *modelClient, m *protocol.Message) {
	m.ID = newID()
	r, ok := c.conn.ask(m)
	if !ok {
		w.t.Fatalf("%s: no answer to type %d %s", c.name, m.Type, m.Topic)
	}
	if r[0].Type == protocol.Response && r[0].Status != protocol.StatusOK {
		w.t.Fatalf("%s: %v %s", c.name, r[0].Status, text(r[0]))
	}
}

func (w *world) admin(c *modelClient, topic string, data map[string]any) {
	payload, err := protocol.EncodeValue(data)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ask(c, &protocol.Message{Type: protocol.Admin, Topic: topic, Data: payload})
}

func (w *world) sync(c *modelClient) {
	w.t.Logf("» %q syncs", c.name)
	if !c.sync() {
		w.t.Fatalf("%s: no answer", c.name)
	}
}

// lose notes that the connection of c ends.
func (w *world) lose(c *modelClient) {
	for _, x := range w.expects[c.name] {
		x.lose(w.log)
	}
}

func (w *world) disconnect(c *modelClient) {
	w.t.Logf("» %s disconnects", c.name)
	c.disconnect()
	w.lose(c)
	*w.stands[c.name] = standing{}
}

func (w *world) connect(c *modelClient) {
	w.t.Logf("» %s connects", c.name)
	k := c.open(w.srv.Serve)
	c.set(func() { c.conn = k })
	w.ask(c, &protocol.Message{Type: protocol.Identity, Topic: c.name})
	*w.stands[c.name] = standing{connected: true}
}

// takeOver connects under a name that is connected (fault 17).
func (w *world) takeOver(c *modelClient) {
	w.t.Logf("» %s is taken over", c.name)
	old := c.conn
	c.set(func() { old.dead = true }) // it hangs: the component has given it up
	k := c.open(w.srv.Serve)
	r, ok := k.ask(&protocol.Message{Type: protocol.Identity, Topic: c.name, ID: newID()})
	if !ok || r[0].Status != protocol.StatusOK {
		w.t.Fatal("takeover refused")
	}
	c.left(old)
	c.set(func() { c.conn = k })
	w.lose(c)
	*w.stands[c.name] = standing{connected: true}
}

func (w *world) reactive(c *modelClient, on bool) {
	w.t.Logf("» %s reactive %v", c.name, on)
	w.admin(c, "__config__", map[string]any{"cmd": "reactive", "status": on})
	st := w.stands[c.name]
	if !on && !st.paused {
		w.sync(c)
		w.sync(c)
		w.lose(c)
	}
	st.reactive, st.paused = on, !on
}

func (w *world) subscribe(c *modelClient, pattern string, from float64) {
	w.t.Logf("» %s subscribes %s from %g", c.name, pattern, from)
	x := w.expect(c, pattern)
	x.subscribe(from, w.log, c.name)
	w.admin(c, pattern, map[string]any{"cmd": "subscribe", "msg_from": from})
}

func (w *world) unsubscribe(c *modelClient, pattern string) {
	w.t.Logf("» %s unsubscribes %s", c.name, pattern)
	w.admin(c, pattern, map[string]any{"cmd": "unsubscribe"})
	w.expect(c, pattern).unsubscribe(len(w.log))
	c.set(func() { c.renumbered[pattern] = true })
}

// draft draws messages of one publisher.
func (w *world) draft(t *rapid.T, c *modelClient) (ms []*protocol.Message) {
	for range rapid.IntRange(1, 6).Draw(t, "messages") {
		s := &sent{n: len(w.log) + 1, from: c.name}
		s.topic = rapid.SampledFrom(modelTopics).Draw(t, "topic")
		s.qos = protocol.QoS(rapid.IntRange(0, 2).Draw(t, "qos"))
		if s.has = rapid.IntRange(0, 3).Draw(t, "slot") == 0; s.has {
			s.slot = uint32(rapid.IntRange(0, 1).Draw(t, "slot"))
		}
		w.log = append(w.log, s)
		w.t.Logf("» published %+v", *s)
		data, err := protocol.EncodeArgs(s.n, make([]byte, rapid.SampledFrom([]int{0, 500}).Draw(t, "pad")))
		if err != nil {
			t.Fatal(err)
		}
		m := &protocol.Message{Type: protocol.Pub, QoS: s.qos, HasSlot: s.has, Slot: s.slot, Topic: s.topic, Data: data}
		if s.qos != protocol.QoS0 {
			m.ID = newID()
		}
		ms = append(ms, m)
	}
	return ms
}

// publish sends messages and waits until the broker has them: for QoS1/2 until
// they are acked.
func (w *world) publish(c *modelClient, ms []*protocol.Message) {
	if _, ok := c.conn.ask(ms...); !ok {
		w.t.Fatalf("%q: a message was not acked", c.name)
	}
	for _, m := range ms {
		if m.QoS == protocol.QoS2 {
			c.set(func() { c.conn.send(protocol.NewAck2(m.ID)) })
		}
	}
	w.sync(c)
}

// foresee returns what each message is for each subscription now.
func (w *world) foresee(from int) map[*expectation][]due {
	f := map[*expectation][]due{}
	for _, name := range modelNames {
		for _, x := range w.expects[name] {
			for _, s := range w.log[from:] {
				d := never
				if s.from != name {
					d = x.published(s, *w.stands[name])
				}
				f[x] = append(f[x], d)
			}
		}
	}
	return f
}

// settle enters what was foreseen.
func (w *world) settle(from int, f map[*expectation][]due) {
	for x, list := range f {
		for i, d := range list {
			x.due[w.log[from+i].n] = d
		}
	}
}

// finish brings everybody back, has everything delivered, and compares.
func (w *world) finish() {
	w.t.Logf("» finish")
	for _, name := range modelNames {
		c := w.clients[name]
		if !w.stands[name].connected {
			w.connect(c)
		}
		c.set(func() { c.stalled, c.holding = false, false })
		c.release(func(int) int { return 0 }, len(c.held))
		if !w.stands[name].reactive {
			w.reactive(c, true)
		}
	}
	for _, name := range modelNames {
		c := w.clients[name]
		var missing int
		var err error
		c.set(func() {
			c.waitLocked(func() bool {
				missing, err = w.compare(c)
				return missing == 0 || err != nil || c.conn.dead
			})
		})
		w.verdict(c, missing, err)
		w.sync(c)
		w.sync(c)
		c.set(func() { missing, err = w.compare(c) })
		w.verdict(c, missing, err)
	}
}

// verdict fails on a comparison that went wrong.
func (w *world) verdict(c *modelClient, missing int, err error) {
	if err != nil {
		w.t.Fatalf("%s: %v", c.name, err)
	}
	if missing == 0 {
		return
	}
	for _, x := range w.expects[c.name] {
		for _, m := range x.missed(c.got, w.log) {
			w.t.Errorf("%s misses %s", c.name, m)
		}
	}
	w.t.Fatalf("the connection of %s ended: %v", c.name, c.conn.dead)
}

// compare finds what is wrong and counts what is missing. The client's lock is
// held.
func (w *world) compare(c *modelClient) (missing int, err error) {
	if len(c.wrong) > 0 {
		return 0, errors.New(c.wrong[0])
	}
	for _, a := range c.got {
		if _, ok := w.expects[c.name][a.pattern]; !ok {
			return 0, fmt.Errorf("%s was never subscribed", a.pattern)
		}
	}
	for _, x := range w.expects[c.name] {
		n, err := x.check(c.got, w.log, w.lives)
		if err != nil {
			return 0, err
		}
		missing += n
	}
	return missing, nil
}

// actions are what may happen, each at any time.
func (w *world) actions() map[string]func(*rapid.T) {
	connected := func(_ *modelClient, st *standing) bool { return st.connected }
	away := func(_ *modelClient, st *standing) bool { return !st.connected }
	return map[string]func(*rapid.T){
		"connect":    func(t *rapid.T) { w.connect(w.pick(t, away)) },
		"disconnect": func(t *rapid.T) { w.disconnect(w.pick(t, connected)) },
		"take over":  func(t *rapid.T) { w.takeOver(w.pick(t, connected)) },
		"reactive": func(t *rapid.T) {
			w.reactive(w.pick(t, awake), rapid.IntRange(0, 3).Draw(t, "on") > 0)
		},
		"subscribe": func(t *rapid.T) {
			c := w.pick(t, awake)
			w.subscribe(c, rapid.SampledFrom(modelPatterns).Draw(t, "pattern"), rapid.SampledFrom(modelFroms).Draw(t, "from"))
		},
		"unsubscribe": func(t *rapid.T) {
			c := w.pick(t, awake)
			w.unsubscribe(c, rapid.SampledFrom(modelPatterns).Draw(t, "pattern"))
		},
		"stall": func(t *rapid.T) {
			c := w.pick(t, connected)
			c.set(func() { c.stalled = !c.stalled })
			w.t.Logf("» %s stalled %v", c.name, c.stalled)
		},
		"hold": func(t *rapid.T) {
			c := w.pick(t, connected)
			c.set(func() { c.holding = !c.holding })
			w.t.Logf("» %s holding %v", c.name, c.holding)
		},
		"release": func(t *rapid.T) {
			c := w.pick(t, awake)
			c.release(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "which") }, rapid.IntRange(1, 4).Draw(t, "acks"))
			w.sync(c)
		},
		"sync":      func(t *rapid.T) { w.sync(w.pick(t, awake)) },
		"publish":   func(t *rapid.T) { w.publishSome(t) },
		"meanwhile": func(t *rapid.T) { w.meanwhile(t) },
	}
}

// publisher draws who publishes.
func (w *world) publisher(t *rapid.T) *modelClient {
	if rapid.Bool().Draw(t, "anonymous") {
		return w.anon
	}
	return w.pick(t, awake)
}

func (w *world) publishSome(t *rapid.T) {
	c := w.publisher(t)
	from := len(w.log)
	ms := w.draft(t, c)
	f := w.foresee(from)
	w.settle(from, f)
	w.publish(c, ms)
}

// meanwhile publishes while something happens to another component: of what is
// not the same before and after, the model only says that it may come.
func (w *world) meanwhile(t *rapid.T) {
	w.t.Logf("» meanwhile")
	c := w.publisher(t)
	other := w.pick(t, func(o *modelClient, st *standing) bool { return o != c && !o.stalled })
	from := len(w.log)
	ms := w.draft(t, c)
	before := w.foresee(from)
	changes := []string{"connect"}
	if w.stands[other.name].connected {
		changes = []string{"disconnect", "take over", "reactive", "pause", "subscribe", "unsubscribe"}
	}
	change := rapid.SampledFrom(changes).Draw(t, "change")
	pattern := rapid.SampledFrom(modelPatterns).Draw(t, "pattern")
	msgFrom := rapid.SampledFrom(modelFroms).Draw(t, "from")
	x := w.expect(other, pattern)
	var group sync.WaitGroup
	group.Go(func() { w.publish(c, ms) })
	switch change {
	case "connect":
		w.connect(other)
	case "disconnect":
		w.disconnect(other)
	case "take over":
		w.takeOver(other)
	case "reactive", "pause":
		w.reactive(other, change == "reactive")
	case "subscribe":
		w.subscribe(other, pattern, msgFrom)
	case "unsubscribe":
		w.unsubscribe(other, pattern)
	}
	group.Wait()
	if change == "subscribe" || change == "unsubscribe" {
		x.turned, x.turnedAt, x.leftAt = true, len(w.log), len(w.log)
	}
	after := w.foresee(from)
	for _, x := range w.expects[other.name] {
		for i, d := range after[x] {
			s := w.log[from+i]
			switch {
			case before[x] == nil || d == never && before[x][i] == never:
			case d == must && before[x][i] == must && s.qos != protocol.QoS0 && forever(x.from):
				continue
			}
			if s.from != other.name && x.matches(s) && (d != never || before[x] != nil && before[x][i] != never) {
				after[x][i] = may
			}
		}
	}
	w.settle(from, after)
}

// memory is a log that is lost in a crash.
type memory struct{}

func (memory) open(*rapid.T) (server.Log, func()) {
	log := memlog.New(memlog.Options{})
	return log, func() { _ = log.Close() }
}

// TestModel compares the broker with a dumb model of who must and may see what
// (faults 10, 11, 15, 17).
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, memory{})
		defer w.stop()
		t.Repeat(w.actions())
		w.finish()
	})
}
