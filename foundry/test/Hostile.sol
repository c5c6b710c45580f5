// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// Contracts that a lens meets. Each `fallback` does one thing.
contract Adder {
    /// The sum of the two words after the selector.
    fallback() external {
        assembly {
            mstore(0, add(calldataload(4), calldataload(36)))
            return(0, 32)
        }
    }
}

contract GasEater {
    fallback() external {
        assembly {
            for {} 1 {} {}
        }
    }
}

contract Returns {
    uint256 private immutable SIZE;

    constructor(uint256 size) {
        SIZE = size;
    }

    /// SIZE bytes of 0x11.
    fallback() external {
        uint256 size = SIZE;
        assembly {
            for { let i := 0 } lt(i, size) { i := add(i, 32) } {
                mstore(i, 0x1111111111111111111111111111111111111111111111111111111111111111)
            }
            return(0, size)
        }
    }
}

/// A return bomb: as much memory as its gas pays for, returned or in the revert.
contract Bomb {
    bool private immutable REVERTS;
    uint256 private immutable SIZE;

    constructor(bool reverts, uint256 size) {
        REVERTS = reverts;
        SIZE = size;
    }

    fallback() external {
        bool reverts = REVERTS;
        uint256 size = SIZE;
        assembly {
            if reverts { revert(0, size) }
            return(0, size)
        }
    }
}

contract Reverter {
    error Refused(uint256 why);

    fallback() external {
        revert Refused(7);
    }
}

contract Invalid {
    fallback() external {
        assembly {
            invalid()
        }
    }
}

contract GasLeft {
    fallback() external {
        assembly {
            mstore(0, gas())
            return(0, 32)
        }
    }
}

/// Tries to write: a static call must refuse it.
contract Writer {
    fallback() external {
        assembly {
            sstore(0, 1)
        }
    }
}
