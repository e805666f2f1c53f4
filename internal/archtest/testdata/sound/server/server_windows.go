package server

const separator = '\\'
