// Kkachi takes what people who live under surveillance tell a newsroom, keeps who told it
// secret, and turns it into corroborated, published reports. One binary holds every role;
// this package wires the rooms together and holds no logic of theirs.
//
//	kkachi init DIR             lay out a new newsroom: folders, keys, first notes
//	kkachi root sign DIR        sign the next root note and devices note, offline
//	kkachi root status DIR      say when they end, and warn
//	kkachi drop DIR             run the public host
//	kkachi sift DIR             run the sift
//	kkachi desk DIR             run the desk, for one browser on this computer
//	kkachi source new           draw eight words
//	kkachi source write         send a letter
//	kkachi source read          read the replies
//	kkachi vault verify DIR     check the desk's log
//	kkachi vault rebuild DIR    make its tables anew
//	kkachi vault backup DIR     write an encrypted backup
//	kkachi vault restore DIR F  make a vault from a backup
//	kkachi press build DIR      print what was released
//	kkachi press push DIR       put the printed site up to the host
//	kkachi ladder FILE          derive how well claims stand
//	kkachi risk ...             judge by numbers what a draft gives away
//	kkachi demo                 turn the whole ring once, on loopback
//	kkachi version              say what this binary is
//
// Flags may stand before or after arguments. --json prints for scripts where a script would
// want it. Each verb's --help says what it reads, writes and needs.
//
// # Exit codes
//
//	0  done
//	1  failed: the machine, the network, a file, or a note that has ended
//	2  bad input: an argument, a file, a passphrase, usage
//	3  HOLD: needs a reason, or an input
//	4  BLOCK: needs two people and a reason
//
// Errors go to standard error in one line, and a second one with the next step.
//
// # Secrets
//
// Passphrases and words are asked for on the terminal without an echo, or read as lines of
// standard input where there is no terminal. They are never taken from arguments or from
// the environment; --passphrase-file NAME=PATH names a file, for scripts. Nothing here
// reads the environment at all.
package main
