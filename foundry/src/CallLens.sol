// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {LensMachine} from "./LensMachine.sol";

/// Creation code for an eth_call without `to`: the program and its length in 4 bytes follow the
/// code, and the answer is the revert data, since what is returned would be held to the size of
/// deployed code.
contract CallLens is LensMachine {
    constructor() {
        uint256 program = PROGRAM;
        uint256 end;
        assembly {
            codecopy(0, sub(codesize(), 4), 4)
            let size := shr(224, mload(0))
            codecopy(program, sub(codesize(), add(size, 4)), size)
            end := add(program, size)
        }
        uint256 length = _run(end);
        assembly {
            revert(end, length)
        }
    }
}
