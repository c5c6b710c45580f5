// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {LensMachine} from "./LensMachine.sol";

/// Deployed code, placed by a state override of eth_call: the program is the call data, and the
/// answer is returned.
contract Lens is LensMachine {
    fallback() external {
        uint256 program = PROGRAM;
        uint256 end;
        assembly {
            end := add(program, calldatasize())
            calldatacopy(program, 0, calldatasize())
        }
        uint256 length = _run(end);
        assembly {
            return(end, length)
        }
    }
}
