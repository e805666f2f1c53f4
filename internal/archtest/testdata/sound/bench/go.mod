module example.com/sound/bench
