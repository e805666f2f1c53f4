package server_test

import (
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

func twins(p *peer) (infos []server.TwinInfo) {
	p.t.Helper()
	if err := p.call("twin_list").Data.Decode(&infos); err != nil {
		p.t.Fatal(err)
	}
	return infos
}

func TestTwinsAreListedAndRemoved(t *testing.T) {
	b := newBroker(t)
	p, gone, foreign := b.login("p"), b.login("gone"), b.login("x.other")
	gone.subscribeFrom("t", all)
	gone.reactive(true)
	gone.expose("m")
	gone.close()
	p.publish(protocol.QoS1, "t", 1)
	infos := twins(p)
	if len(infos) != 2 || infos[0].Name != "gone" || infos[0].Connected || infos[0].Subscriptions[0] != "t" ||
		infos[0].Exposed[0] != "m" || infos[0].Behind != 1 || !infos[1].Connected {
		t.Fatalf("got %+v", infos)
	}
	var info server.TwinInfo
	if err := p.call("twin_show", "gone").Data.Decode(&info); err != nil || info.Name != "gone" {
		t.Fatalf("got %+v, %v", info, err)
	}
	for _, c := range []struct {
		from   *peer
		args   []any
		status protocol.Status
	}{
		{p, []any{"p"}, protocol.StatusError},                   // connected
		{p, []any{"nobody"}, protocol.StatusTargetNotFound},     // unknown
		{foreign, []any{"gone"}, protocol.StatusTargetNotFound}, // of another tenant
		{p, nil, protocol.StatusMethodArgs},                     // no name
		{p, []any{"gone"}, protocol.StatusOK},                   // forgotten
		{p, []any{"gone"}, protocol.StatusTargetNotFound},       // again
	} {
		if r := c.from.call("twin_remove", c.args...); r.Status != c.status {
			t.Errorf("%v: %v, want %v", c.args, r.Status, c.status)
		}
	}
	if r := p.call("m"); r.Status != protocol.StatusMethodNotFound {
		t.Errorf("its method: %v", r.Status)
	}
	gone = b.login("gone")
	gone.reactive(true)
	gone.quiet()
}

func TestTwinsExpire(t *testing.T) {
	b := newBroker(t, func(o *server.Options) { o.TwinExpiry = time.Nanosecond })
	p, gone := b.login("p"), b.login("gone")
	gone.subscribe("t")
	gone.close()
	for len(twins(p)) > 1 { // the broker looks once a second
	}
}
