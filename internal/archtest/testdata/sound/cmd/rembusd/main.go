// Command rembusd wires.
package main

import (
	"example.com/sound/adaptor/ws"
	"example.com/sound/lake"
	"example.com/sound/server"
)

func main() {
	var b server.Broker
	ws.Handler(b.Route)
	lake.Store(nil)
}
