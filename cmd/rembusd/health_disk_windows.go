package main

import "golang.org/x/sys/windows"

// diskOf returns the space of the volume that holds dir.
func diskOf(dir string) (diskSpace, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return diskSpace{}, err
	}
	var free, total uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, &total, nil); err != nil {
		return diskSpace{}, err
	}
	return diskSpace{free: int64(free), total: int64(total)}, nil
}
