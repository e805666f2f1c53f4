package bench

import _ "example.com/sound/whatever"

func Undocumented() {}
