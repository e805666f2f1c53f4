package component

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"github.com/rembus-go/rembus/protocol"
)

// handler calls a function of the user's; "Handlers" in the package comment
// has the rules.
type handler struct {
	direct   func(context.Context, *Message) (any, error) // no reflection needed
	fn       reflect.Value
	ctx      bool // the first parameter is a context
	whole    bool // the only other parameter is a *Message
	params   []reflect.Type
	variadic bool
	result   bool // the first result is the value
	fails    bool // the last result is an error
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	messageType = reflect.TypeFor[*Message]()
	rawType     = reflect.TypeFor[protocol.RawValue]()
	valueType   = reflect.TypeFor[Value]()
	frameType   = reflect.TypeFor[protocol.DataFrame]()
)

// bind checks fn once, so that no delivery finds it unusable. Only a method may
// return a value.
func bind(fn any, method bool) (*handler, error) {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Func || v.IsNil() {
		return nil, fmt.Errorf("%w: %T is no function", ErrHandler, fn)
	}
	if d := directly(fn, method); d != nil {
		return &handler{direct: d}, nil
	}
	t := v.Type()
	h := &handler{fn: v, variadic: t.IsVariadic()}
	for i := range t.NumIn() {
		switch p := t.In(i); {
		case i == 0 && p == contextType:
			h.ctx = true
		default:
			h.params = append(h.params, p)
		}
	}
	h.whole = len(h.params) == 1 && h.params[0] == messageType
	n := t.NumOut()
	if h.fails = n > 0 && t.Out(n-1) == errorType; h.fails {
		n--
	}
	h.result = n == 1
	if n > 1 || h.result && !method {
		return nil, fmt.Errorf("%w: results of %T", ErrHandler, fn)
	}
	return h, nil
}

// directly returns the forms of handler that need no reflection.
func directly(fn any, method bool) func(context.Context, *Message) (any, error) {
	switch f := fn.(type) {
	case func(*Message):
		return func(_ context.Context, m *Message) (any, error) { f(m); return nil, nil }
	case func(*Message) error:
		return func(_ context.Context, m *Message) (any, error) { return nil, f(m) }
	case func(context.Context, *Message) error:
		return func(ctx context.Context, m *Message) (any, error) { return nil, f(ctx, m) }
	case func(context.Context, *Message) (any, error):
		if method {
			return f
		}
	}
	return nil
}

// run calls the function with the arguments of m. Arguments that do not fit and
// whatever the function does wrong come back as an error.
func (h *handler) run(ctx context.Context, m *Message) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, &panicError{value: p, stack: debug.Stack()}
		}
	}()
	if h.direct != nil {
		return h.direct(ctx, m)
	}
	in, err := h.arguments(ctx, m)
	if err != nil {
		return nil, err
	}
	out := h.fn.Call(in)
	if h.fails {
		err, _ = out[len(out)-1].Interface().(error)
	}
	if h.result && err == nil {
		result = out[0].Interface()
	}
	return result, err
}

func (h *handler) arguments(ctx context.Context, m *Message) ([]reflect.Value, error) {
	in := make([]reflect.Value, 0, len(h.params)+1)
	if h.ctx {
		in = append(in, reflect.ValueOf(ctx))
	}
	if h.whole {
		return append(in, reflect.ValueOf(m)), nil
	}
	args, err := m.m.Data.Args() // of a space with the topic in front
	if err != nil {
		return nil, &protocol.Error{Status: protocol.StatusMethodArgs, Text: err.Error()}
	}
	want := len(h.params)
	if h.variadic {
		want--
	}
	if len(args) < want || len(args) > want && !h.variadic {
		return nil, protocol.Errorf(protocol.StatusMethodArgs, "%d arguments, want %d", len(args), want)
	}
	for i, arg := range args {
		t := h.params[min(i, len(h.params)-1)]
		if i >= want {
			t = t.Elem()
		}
		v, err := decode(arg, t)
		if err != nil {
			return nil, argumentError(i, err)
		}
		in = append(in, v)
	}
	return in, nil
}

// decode returns one argument as a t.
func decode(arg protocol.RawValue, t reflect.Type) (reflect.Value, error) {
	switch t {
	case rawType:
		return reflect.ValueOf(arg), nil
	case valueType:
		return reflect.ValueOf(Value{data: protocol.NewPayload(protocol.CBOR, arg)}), nil
	case frameType:
		df, ok := arg.DataFrame()
		if !ok {
			return reflect.Value{}, errors.New("not a DataFrame")
		}
		return reflect.ValueOf(df), nil
	}
	v := reflect.New(t)
	err := arg.Decode(v.Interface())
	return v.Elem(), err
}

// panicError is a handler's panic: the caller gets the value, the log the stack.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
