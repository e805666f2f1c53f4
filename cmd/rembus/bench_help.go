package main

const benchHelp = `bench connects publishers and subscribers, or with --callers callers of a method,
loads the broker for --duration (10s) or until --count, waits for what is on its
way, and says what arrived and how long it took. All components run in this one
process: on the broker's machine the two share its processors.

Without --rate it finds the most that broker and components can do together. The
publishers then stay a bounded way ahead of the slowest subscriber (32,768
messages or 8 MiB, fewer with many subscribers), so that nothing is lost because
nobody took it away; messages queue up, and latency is mostly the length of that
queue.

With --rate nothing is held back: latency is that of a broker under this load,
and what QoS 0 loses when that is too much is lost. Latency then counts from when
a message was due, so that a pause of the broker shows in all the messages it
delayed. --size counts the one argument of a message, and so do bytes a second.

  delivery latency  from publishing until the subscriber's handler has the message
  ack latency       QoS 1 and 2: from publishing until the publisher has the ACK
  call latency      from the call until its answer
  lost              QoS 0: sent, and not delivered. QoS 1 and 2: acknowledged by the
                    broker, and not delivered. Counted for each subscriber
  duplicates        deliveries of what a subscriber had already

QoS 0 may lose messages, QoS 1 repeat them. Whatever else is lost or repeated,
not acknowledged or not answered makes the exit code 1. Ctrl-C ends the run early,
with the result so far. A line on stderr says how it goes; --json prints the
result as one object.

Topics are rembus-bench/RUN/1 and so on. Components are anonymous or, where a
lost connection must not lose messages, named rembus-bench-RUN-sub-1 and so on;
at the end the broker is told to forget them. What was published stays in the
broker's log as long as its retention says, as all else. After a second Ctrl-C,
which ends bench at once: rembus twin ls and rm.

With --json-encoding all components speak JSON, one message to a frame; with CBOR
they put many into one where the broker can.`
