package component

import "context"

// configTopic is the topic of commands that concern the whole component.
const configTopic = "__config__"

// reactive is whether the broker was told to deliver stored messages.
type reactive uint8

const (
	reactiveAuto reactive = iota // with the first Subscribe
	reactiveOn
	reactiveOff
)

// Reactive asks the broker to deliver what it has stored for the subscriptions,
// oldest first, and then live. The first Subscribe does so by itself unless
// [WithManualReactive] was given.
func (c *Component) Reactive(ctx context.Context) error { return c.setReactive(ctx, true) }

// Unreactive pauses deliveries until [Component.Reactive]; the broker stores
// meanwhile, as far as its retention reaches.
func (c *Component) Unreactive(ctx context.Context) error { return c.setReactive(ctx, false) }

func (c *Component) setReactive(ctx context.Context, on bool) error {
	c.mu.Lock()
	before := c.reactive
	if c.reactive = reactiveOff; on {
		c.reactive = reactiveOn
	}
	c.mu.Unlock()
	err := c.admin(ctx, configTopic, reactiveCommand(on))
	if err != nil {
		c.mu.Lock()
		c.reactive = before
		c.mu.Unlock()
	}
	return err
}

// react makes the component reactive with its first subscription.
func (c *Component) react(ctx context.Context) error {
	c.mu.Lock()
	auto := c.reactive == reactiveAuto
	c.mu.Unlock()
	if !auto {
		return nil
	}
	return c.setReactive(ctx, true)
}

func reactiveCommand(on bool) map[string]any {
	return map[string]any{"cmd": "reactive", "status": on}
}
