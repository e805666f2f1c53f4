//go:build linux || darwin || freebsd

package main

import "syscall"

// diskOf returns the space of the file system that holds dir.
func diskOf(dir string) (diskSpace, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return diskSpace{}, err
	}
	block := int64(st.Bsize)
	return diskSpace{free: int64(st.Bavail) * block, total: int64(st.Blocks) * block}, nil
}
