package arrowipc

import "github.com/apache/arrow-go/v18/arrow/memory"

// budget is an allocator that ends the decoding, by a panic that [Decode]
// recovers, before more than left bytes are in use.
type budget struct {
	memory.GoAllocator
	left int64
}

func (b *budget) take(n int) {
	if n < 0 || int64(n) > b.left {
		panic("more memory needed than allowed")
	}
	b.left -= int64(n)
}

func (b *budget) Allocate(n int) []byte {
	b.take(n)
	return b.GoAllocator.Allocate(n)
}

func (b *budget) Reallocate(n int, old []byte) []byte {
	if n > len(old) {
		b.take(n - len(old))
	} else {
		b.left += int64(len(old) - n)
	}
	return b.GoAllocator.Reallocate(n, old)
}

func (b *budget) Free(old []byte) {
	b.left += int64(len(old))
	b.GoAllocator.Free(old)
}
